// A program on stock socket.io-client with default options: says a word to a peer, hears its answer, prints both.
import { createRequire } from "node:module";

const [, , url, key, js] = process.argv;
const { io } = createRequire(js + "/package.json")("socket.io-client");

setTimeout(() => {
  console.error(JSON.stringify({ heard, outcomes }));
  process.exit(1);
}, 50_000).unref();

const socket = io(url, { auth: { key, name: "Node", protocol: 1 } });
const heard = [];
socket.on("connect_error", (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on("x.dice.result", (message) => {
  heard.push(message);
  if (heard.length === 2) {
    console.log(JSON.stringify({ heard, outcomes }));
    socket.disconnect();
  }
});
const outcomes = [];
const forged = { id: "forged", name: "The hub", kind: "tavern", role: "admin" };
socket.once("welcome", () => {
  socket.emit("x.dice.roll", { to: { peer: "Game" }, content: { sides: 20 } }, (outcome) => {
    outcomes.push(outcome);
    socket.emit("x.dice.roll", { to: { peer: "Nobody" }, content: 1 }, (refused) => {
      outcomes.push(refused);
      socket.emit("x.dice.roll", { to: { peer: "Game" }, content: { sides: 6 }, from: forged });
    });
  });
});
