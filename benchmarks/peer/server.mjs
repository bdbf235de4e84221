// Node's socket.io doing the hub's hottest job: what one connection publishes goes to a room of subscribers.
//
// As fast as socket.io's own documentation ("Performance tuning") makes it with the stock engine: WebSocket only,
// no compression, the native `bufferutil`, no reference kept to the upgrade request, one prepared broadcast operator
// (the adapter encodes an event once for the whole room). It checks no keys and keeps nothing for replay.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Server } from "socket.io";

const http = createServer((request, response) => {
  response.writeHead(request.url === "/healthz" ? 200 : 404).end();
});
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
io.engine.on("connection", (connection) => {
  connection.request = null;
});

// Calls: one connection provides, the others' calls are passed to it by an ack within an ack.
let provider;

const subscribers = io.to("subscribers");
io.on("connection", (socket) => {
  socket.on("subscribe", (content, ack) => {
    socket.join("subscribers");
    ack({ ok: true, result: null });
  });
  socket.on("provide", (content, ack) => {
    provider = socket;
    ack({ ok: true, result: null });
  });
  socket.on("bare", (content, ack) => ack({ ok: true, result: null }));
  socket.on("call", (content, ack) => {
    provider.emit("invoke", content, (result) => ack({ ok: true, result }));
  });
  for (const type of ["stream.start", "stream.delta", "stream.end"]) {
    socket.on(type, (content) => {
      subscribers.emit(type, content);
    });
  }
});

http.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const version = createRequire(import.meta.url)("socket.io/package.json").version;
  console.log(JSON.stringify({ port: http.address().port, version }));
});
