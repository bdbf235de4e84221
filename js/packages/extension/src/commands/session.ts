/**
 * `session.turn`: one turn of a session that has a chat file of its own.
 *
 * Policy. The session's character and chat are opened in this tab as they are on disk, checked, used and checked again:
 * before the message is put there, before the reply is asked for, and after it. After the turn the tab goes back to the
 * chat that was open before; where it stood on the welcome page it stays in the session. Nothing is sent unless exactly
 * the session's chat is open. The person sees the turn; what they have typed stays in the text box.
 */

import { findCharacter } from "../host/cast.js";
import { context } from "../host/context.js";
import { throwIfBlocked } from "../host/dialog.js";
import { HostError, throwIfCancelled } from "../host/failure.js";
import { type Host } from "../host/host.js";
import {
  goBack,
  goTo,
  here,
  newChatName,
  ownerOf,
  pointTo,
  reloadIfOld,
  type Place,
} from "../host/places.js";
import { optionalText, text, type Arguments } from "./arguments.js";
import { type CommandCall, type GenerationResult } from "./call.js";
import { sendAndGenerate } from "./send.js";
import { checkBackend, withSendPressed } from "./visible.js";

export async function sessionTurn(
  host: Host,
  args: Arguments,
  call: CommandCall,
): Promise<GenerationResult & { chat_file: string; character_id: string }> {
  throwIfBlocked();
  await host.gate.whenIdle(call.signal);
  checkBackend();
  const before = here();
  const wanted = optionalText(args, "chat_id") ?? optionalText(args, "chat_file");
  const avatar =
    wanted === undefined ? sessionCharacter(args, before) : await boundCharacter(args, wanted, before);
  // The chat that SillyTavern opens for this character by itself, when it is not the one open now.
  const usual = context().characters[findCharacter(avatar)]?.chat ?? null;
  throwIfCancelled(call.signal);
  const chat = wanted ?? newChatName(optionalText(args, "name") ?? "Tavernlink");
  const verify = (): void => {
    check(avatar, chat);
  };
  try {
    await goTo(avatar, chat, host.script);
    const result = await withSendPressed(host, () => sendAndGenerate(host, args, call, verify));
    verify();
    return { ...result, chat_id: chat, chat_file: chat, character_id: avatar };
  } finally {
    await restore(host, before, avatar, usual);
  }
}

/** `refresh`: another tab wrote to this chat. Where it is open here, it is loaded again, so that no save undoes that. */
export async function refresh(host: Host, args: Arguments): Promise<{ refreshed: boolean }> {
  const [avatar, chat] = [text(args, "character"), text(args, "chat_id")];
  const open = here();
  if (open.character !== avatar || open.chat !== chat || host.gate.visible) return { refreshed: false };
  return { refreshed: await reloadIfOld(avatar, chat) };
}

/** The character whose chat it is: the one that the session was held with, under the id that it has now. */
async function boundCharacter(args: Arguments, chat: string, open: Place): Promise<string> {
  const avatar = await ownerOf(chat, optionalText(args, "character") ?? open.character);
  if (avatar !== null) return avatar;
  throw new HostError(
    "unknown_chat",
    `The session's chat “${chat}” no longer exists in SillyTavern. To begin a new one, forget the session first.`,
    { chat_id: chat },
  );
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
  // The person went elsewhere meanwhile: that is where they want to be.
  if (here().character === avatar) await goBack(before, host.script);
  if (here().character !== avatar && usual !== null) pointTo(avatar, usual);
}
