// npm's socket.io-client over TLS: node tls_client.mjs URL FOLDER_WITH_NODE_MODULES CA_FILE KEY TRANSPORT
// prints "welcome", or the error that the connection ended with.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [url, workspace, ca, key, transport] = process.argv.slice(2);
const { io } = createRequire(path.join(workspace, "package.json"))("socket.io-client");
const socket = io(url, {
  ...(ca === "-" ? {} : { ca: readFileSync(ca) }),
  transports: [transport],
  reconnection: false,
  auth: { key, role: "app", protocol: 1 },
});
socket.on("welcome", () => {
  console.log("welcome");
  socket.close();
});
socket.on("connect_error", (error) => {
  console.log(`error ${error.description?.error?.code ?? error.description?.code ?? error.context?.statusText ?? error.message}`);
  socket.close();
});
