/** Texts that go into the prompt of one generation and are gone afterwards: a room's private context. */

import { context } from "./context.js";
import { ownName, plainText } from "./persona.js";

export interface Aside {
  name: string;
  text: string;
  /** Messages from the end of the chat before which it stands; absent: with the character's description. */
  depth?: number | undefined;
  role: "system" | "user" | "assistant";
}

const KEY = "tavernlink_aside_";
/** SillyTavern's `extension_prompt_types`. */
const IN_PROMPT = 0;
const IN_CHAT = 1;
/** SillyTavern's `extension_prompt_roles`. */
const ROLES = { system: 0, user: 1, assistant: 2 } as const;

/** Puts them in; returns what takes them out again. */
export function putAsides(asides: readonly Aside[], speaker?: string): () => void {
  const keys = asides.map(({ name }, index) => `${KEY}${index}_${name}`);
  asides.forEach(({ text, depth, role }, index) => {
    const value = plainText(text, speaker ?? ownName(context().name1));
    const [position, at] = depth === undefined ? [IN_PROMPT, 0] : [IN_CHAT, depth];
    context().setExtensionPrompt(keys[index] ?? KEY, value, position, at, false, ROLES[role]);
  });
  return () => {
    const { extensionPrompts, setExtensionPrompt } = context();
    for (const key of keys) {
      setExtensionPrompt(key, "", IN_PROMPT, 0);
      if (extensionPrompts !== undefined) Reflect.deleteProperty(extensionPrompts, key);
    }
  };
}
