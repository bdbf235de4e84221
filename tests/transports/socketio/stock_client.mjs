// Drives npm's socket.io-client with its default options against a test server.
// usage: node stock_client.mjs URL FOLDER_WITH_NODE_MODULES; prints {check: "ok" | error} as JSON.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const [url, workspace] = process.argv.slice(2);
const { io } = createRequire(path.join(workspace, "package.json"))("socket.io-client");

const open = [];
function connect(namespace = "/", options = {}) {
  const socket = io(url + namespace, { forceNew: true, ...options });
  open.push(socket);
  return socket;
}
const connected = async (...args) => {
  const socket = connect(...args);
  if (!socket.connected) await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
};
const heard = (socket, name) => new Promise((resolve) => socket.once(name, (...args) => resolve(args)));

const checks = {
  async "polling first, then the upgrade"() {
    const socket = connect();
    const engine = socket.io.engine;
    assert.equal(engine.transport.name, "polling");
    await heard(socket, "connect");
    if (engine.transport.name !== "websocket") await new Promise((resolve) => engine.once("upgrade", resolve));
    assert.equal(engine.transport.name, "websocket");
    assert.deepEqual(await socket.emitWithAck("message-with-ack", 1, "2", { 3: [true] }), 1);
  },
  async "nothing is lost or doubled across the upgrade"() {
    const socket = await connected();
    const got = [];
    const all = new Promise((resolve) =>
      socket.on("message-back", (n) => {
        got.push(n);
        if (got.length === 300) resolve();
      }),
    );
    for (let n = 0; n < 300; n++) {
      socket.emit("message", n);
      if (n % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    assert.deepEqual(got, [...Array(300).keys()]);
    assert.equal(socket.io.engine.transport.name, "websocket");
  },
  async "auth goes up and comes back"() {
    const socket = connect("/", { auth: { token: "123" } });
    assert.deepEqual(await heard(socket, "auth"), [{ token: "123" }]);
  },
  async "events and acks with binary, over WebSocket and over polling"() {
    for (const transports of [["websocket"], ["polling"]]) {
      const socket = await connected("/", { transports });
      const back = heard(socket, "message-back");
      socket.emit("message", "text", Buffer.from([1, 2, 3]), { deep: [new Uint8Array([4, 5])] });
      const [text, first, { deep }] = await back;
      assert.equal(text, "text");
      assert.deepEqual([...new Uint8Array(first)], [1, 2, 3]);
      assert.deepEqual([...new Uint8Array(deep[0])], [4, 5]);
      const answer = await socket.timeout(3000).emitWithAck("message-with-ack", Buffer.from([9]));
      assert.deepEqual([...new Uint8Array(answer)], [9]);
    }
  },
  async "the server asks and the client answers"() {
    const socket = await connected();
    socket.on("question", (why, reply) => reply(why, Buffer.from([7])));
    const answered = heard(socket, "answered");
    socket.emit("ask", "why");
    const [why, binary] = await answered;
    assert.equal(why, "why");
    assert.deepEqual([...new Uint8Array(binary)], [7]);
  },
  async "namespaces share one connection"() {
    const first = await connected("/", { forceNew: false });
    const second = await connected("/custom", { forceNew: false });
    assert.equal(first.io, second.io);
    const back = heard(second, "message-back");
    second.emit("message", "hello");
    assert.deepEqual(await back, ["hello"]);
    second.disconnect();
    assert.equal(await first.emitWithAck("message-with-ack", 5), 5);
  },
  async "an unknown namespace is refused"() {
    const [error] = await heard(connect("/random"), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  },
  async "a refusal carries its data"() {
    const [error] = await heard(connect("/", { auth: { key: "wrong" } }), "connect_error");
    assert.equal(error.message, "Not you");
    assert.deepEqual(error.data, { code: "unauthorized" });
  },
  async "it comes back by itself after the server dropped it"() {
    const socket = await connected("/", { reconnectionDelay: 20, randomizationFactor: 0 });
    const before = socket.id;
    const lost = heard(socket, "disconnect");
    const back = heard(socket, "connect");
    socket.emit("drop");
    const [reason] = await lost;
    assert.ok(["transport close", "transport error"].includes(reason), reason);
    await back;
    assert.notEqual(socket.id, before);
    assert.equal(await socket.emitWithAck("message-with-ack", 5), 5);
  },
  async "big messages pass over WebSocket and over polling"() {
    const text = "äß✓".repeat(100_000);
    for (const transports of [["websocket"], ["polling"]]) {
      const socket = await connected("/", { transports });
      const back = heard(socket, "message-back");
      socket.emit("message", text, Buffer.alloc(500_000, 1));
      const [again, binary] = await back;
      assert.equal(again, text);
      assert.equal(new Uint8Array(binary).length, 500_000);
    }
  },
  async "a message over the limit ends the connection"() {
    for (const transports of [["websocket"], ["polling"]]) {
      const socket = await connected("/", { transports, reconnection: false });
      const lost = heard(socket, "disconnect");
      socket.emit("message", "x".repeat(2_100_000));
      await lost;
    }
  },
  async "the server sends it away"() {
    const socket = await connected();
    const lost = heard(socket, "disconnect");
    socket.emit("leave");
    assert.deepEqual((await lost)[0], "io server disconnect");
  },
  async "heartbeats keep an idle connection open"() {
    const socket = await connected();
    let pings = 0;
    socket.on("disconnect", (reason) => assert.fail(reason));
    await new Promise((resolve) => socket.io.on("ping", () => ++pings === 3 && resolve()));
    socket.off("disconnect");
    assert.ok(socket.connected);
  },
};

const report = {};
for (const [name, check] of Object.entries(checks)) {
  let timer;
  const limit = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("timed out")), 8000)));
  try {
    await Promise.race([check(), limit]);
    report[name] = "ok";
  } catch (error) {
    report[name] = String(error?.stack ?? error);
  }
  clearTimeout(timer);
  for (const socket of open.splice(0)) socket.disconnect();
}
console.log(JSON.stringify(report));
process.exit(0);
