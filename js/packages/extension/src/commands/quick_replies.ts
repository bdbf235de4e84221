/** `quick_reply.*`: the person's own buttons. */

import { listReplies, listSets, runReply } from "../host/quick_replies.js";
import { text, textRecord } from "./arguments.js";
import type { Noun } from "./noun.js";
import { prepare } from "./visible.js";

export const quickReplies = {
  "quick_reply.sets": { lane: "immediate", run: async () => Promise.resolve(listSets()) },
  "quick_reply.list": {
    lane: "immediate",
    run: async (_host, args) => Promise.resolve(listReplies(text(args, "set"))),
  },
  "quick_reply.run": {
    lane: "visible",
    run: async (host, args, { signal }) => {
      await prepare(host, signal);
      return { pipe: await runReply(text(args, "set"), text(args, "label"), textRecord(args, "args")) };
    },
  },
} satisfies Noun;
