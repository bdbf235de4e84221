/**
 * `session.turn`: one turn of a session that has a chat file of its own.
 *
 * Policy. The session's character and chat are opened in this tab, checked, used and checked again. After the turn the
 * tab goes back to the chat that was open before, and the other character gets back the chat that SillyTavern would have
 * opened for it; where the tab stood on the welcome page it stays in the session. Nothing is sent unless exactly the
 * session's chat is open. The person sees the turn; what they have typed stays in the text box.
 */

import { findCharacter } from "../host/cast.js";
import { context } from "../host/context.js";
import { throwIfBlocked } from "../host/dialog.js";
import { HostError, throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { chatFiles, goBack, goTo, here, newChatName, type Place } from "../host/places.js";
import { optionalText, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { sendAndGenerate } from "./send.js";
import { checkBackend, withSendPressed } from "./visible.js";

export async function sessionTurn(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<GenerationResult & { chat_file: string }> {
  throwIfBlocked();
  await host.gate.whenIdle(call.signal);
  checkBackend();
  const before = here();
  const avatar = sessionCharacter(args, before);
  const wanted = optionalText(args, "chat_id") ?? optionalText(args, "chat_file");
  if (wanted !== undefined && !(await chatFiles(avatar)).includes(wanted)) {
    throw new HostError("unknown_chat", `The session's chat “${wanted}” no longer exists.`, {
      chat_id: wanted,
    });
  }
  // The chat that SillyTavern opens for this character by itself, when it is not the one open now.
  const usual = context().characters[findCharacter(avatar)]?.chat ?? null;
  throwIfCancelled(call.signal);
  const chat = wanted ?? newChatName(optionalText(args, "name") ?? "Tavernlink");
  try {
    await goTo(avatar, chat);
    const result = await withSendPressed(host, () => sendAndGenerate(host, args, call));
    check(avatar, chat);
    return { ...result, chat_id: chat, chat_file: chat };
  } finally {
    await restore(host, before, avatar, usual);
  }
}

function sessionCharacter(args: Arguments, open: Place): string {
  const wanted = optionalText(args, "character");
  if (wanted === undefined) {
    if (open.character === null) {
      throw new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
    }
    return open.character;
  }
  if (context().groups.some(({ id, name }) => id === wanted || name === wanted)) {
    throw new HostError("unsupported_parameter", "A session cannot be held with a group. Name a character.", {
      parameter: "character",
    });
  }
  const { avatar } = context().characters[findCharacter(wanted)] ?? {};
  if (avatar === undefined) throw new HostError("unknown_character", "The character is gone.");
  return avatar;
}

function check(avatar: string, chat: string): void {
  const now = here();
  if (now.character === avatar && now.chat === chat) return;
  throw new HostError("chat_changed", "The open chat was changed while the session's turn was running.", {
    open: now,
  });
}

async function restore(host: Host, before: Place, avatar: string, usual: string | null): Promise<void> {
  const now = here();
  // The person went elsewhere meanwhile: that is where they want to be.
  if (now.character !== avatar) return;
  if (before.character === avatar) {
    await goBack(before, host.script);
    return;
  }
  if (usual !== null && now.chat !== usual)
    await goBack({ character: avatar, group: null, chat: usual }, host.script);
  await goBack(before, host.script);
}
