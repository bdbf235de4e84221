/**
 * What extensions remember of the open chat: Summarize's summary, messages and files that Vector Storage found for its
 * last turn. A build for another history must not be told about this one, so they are silent for its length.
 */

import { context } from "./context.js";

const MEMORIES = ["1_memory", "3_vectors", "4_vectors_data_bank", "chromadb"] as const;

/** Returns the undo. */
export function silenceMemories(): () => void {
  const { extensionPrompts = {} } = context();
  const silenced = MEMORIES.flatMap((key) => {
    const prompt = extensionPrompts[key];
    if (prompt === undefined || prompt.value === "") return [];
    const { value } = prompt;
    prompt.value = "";
    return [{ prompt, value }];
  });
  return () => {
    // An extension that has a new memory put a new object in its place.
    for (const { prompt, value } of silenced) if (prompt.value === "") prompt.value = value;
  };
}
