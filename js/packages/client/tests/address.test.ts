import { expect, it } from "vitest";

import { parseAddress } from "../src/index.js";

it.each([
  ["127.0.0.1:8001", "http://127.0.0.1:8001", "/socket.io/"],
  [" http://localhost:8001/ ", "http://localhost:8001", "/socket.io/"],
  ["ws://hub.example:80/x", "http://hub.example", "/x/socket.io/"],
  ["https://hub.example/tavernlink/", "https://hub.example", "/tavernlink/socket.io/"],
  ["wss://hub.example/socket.io/", "https://hub.example", "/socket.io/"],
  ["[::1]:8001", "http://[::1]:8001", "/socket.io/"],
])("takes %s", (typed, origin, path) => {
  expect(parseAddress(typed)).toEqual({ origin, path });
});

it.each(["", "http://", "ftp://host", "http://a b"])("says what is wrong with “%s”", (typed) => {
  expect(() => parseAddress(typed)).toThrow(/not an address of a hub/);
});
