/** `connection.*`: connection profiles. */

import {
  createConnection,
  deleteConnection,
  listConnections,
  selectConnection,
  updateConnection,
} from "../host/connections.js";
import { alone } from "./alone.js";
import { optionalText, text } from "./arguments.js";
import type { Noun } from "./noun.js";

export const connections = {
  "connection.list": {
    lane: "immediate",
    // A connection manager that is off is an error of the command, not of whoever calls it.
    run: async () => Promise.resolve(listConnections()),
  },
  "connection.create": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => createConnection(text(args, "name"))),
  },
  "connection.select": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, async () => {
        await selectConnection(optionalText(args, "name"));
        return listConnections();
      }),
  },
  "connection.update": {
    lane: "visible",
    run: (host, args, call) => alone(host, call, () => updateConnection(text(args, "name"))),
  },
  "connection.delete": {
    lane: "visible",
    run: (host, args, call) =>
      alone(host, call, async () => {
        await deleteConnection(text(args, "name"));
        return {};
      }),
  },
} satisfies Noun;
