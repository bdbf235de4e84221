/**
 * Messages of the open chat: putting one at a place, moving one, drawing one again. Screen, `chat` and disk agree after
 * each.
 *
 * SillyTavern itself loads the whole chat again for a message in the middle. Here only what changes is drawn: the person
 * keeps their place in the chat, and nobody sees an empty one in between.
 */

import { context, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { saveChat } from "./saves.js";

const CHAT = "#chat";

/** Whether SillyTavern takes it for said by the person's side or by a character: other extensions listen for these. */
export type Arrival = "sent" | "received";

const ARRIVALS: Record<Arrival, { before: [string, string]; after: [string, string] }> = {
  sent: {
    before: ["MESSAGE_SENT", "message_sent"],
    after: ["USER_MESSAGE_RENDERED", "user_message_rendered"],
  },
  received: {
    before: ["MESSAGE_RECEIVED", "message_received"],
    after: ["CHARACTER_MESSAGE_RENDERED", "character_message_rendered"],
  },
};

/** Emits one of SillyTavern's events; the second name is for versions whose list lacks it. */
export async function announce(name: string, otherwise: string, ...args: unknown[]): Promise<void> {
  const { eventSource, eventTypes } = context();
  await eventSource.emit(eventTypes[name] ?? otherwise, ...args);
}

/** Puts a message into the open chat, at its end unless `index` says where. What is not kept was not said. */
export async function putMessage(message: STMessage, arrival: Arrival, index?: number): Promise<number> {
  const host = context();
  const at = index ?? host.chat.length;
  host.chatMetadata["tainted"] = true;
  host.chat.splice(at, 0, message);
  try {
    await saveChat();
  } catch (thrown) {
    const { chat } = context();
    const stands = chat.indexOf(message);
    if (stands >= 0) chat.splice(stands, 1);
    throw thrown;
  }
  const { before, after } = ARRIVALS[arrival];
  const how = arrival === "received" ? ["command"] : [];
  await announce(...before, at, ...how);
  if (at === context().chat.length - 1) context().addOneMessage(message);
  else showInserted(message, at);
  await announce(...after, at, ...how);
  // Other extensions may have worked on it meanwhile.
  if (arrival === "received") await saveChat();
  return at;
}

/** The element of the message at `index`; null where SillyTavern does not show it (it shows the last hundred or so). */
export function elementOf(index: number): HTMLElement | null {
  return document.querySelector<HTMLElement>(`${CHAT} > .mes[mesid="${index}"]`);
}

function elements(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`${CHAT} > .mes[mesid]`)];
}

/** The element that stood at `at` stands one further now, or there is none: then the message is above what is shown. */
function showInserted(message: STMessage, at: number): void {
  const shown = elements();
  const next = shown.find((element) => number(element) === at);
  const first = shown[0] === undefined ? at : number(shown[0]);
  if (next === undefined) {
    renumber(first + 1);
    return;
  }
  // SillyTavern finds the neighbour by its number, so that one keeps it until the new one stands before it.
  context().addOneMessage(message, { insertBefore: at, forceId: at, scroll: false, showSwipes: false });
  renumber(first);
  context().swipe?.refresh?.(true);
}

/** Numbers what is on screen from `first` on. */
function renumber(first: number): void {
  const shown = elements();
  shown.forEach((element, place) => {
    const index = first + place;
    element.setAttribute("mesid", String(index));
    const label = element.querySelector(".mesIDDisplay");
    if (label !== null) label.textContent = `#${index}`;
    element.classList.toggle("last_mes", place === shown.length - 1);
  });
}

function number(element: HTMLElement): number {
  return Number(element.getAttribute("mesid"));
}

/** Moves a message to the place `to`; those between move up or down by one. */
export async function moveMessage(index: number, to: number): Promise<void> {
  const { chat, chatMetadata } = context();
  const message = chat[index];
  if (message === undefined || index === to) return;
  chat.splice(index, 1);
  chat.splice(to, 0, message);
  chatMetadata["tainted"] = true;
  try {
    await saveChat();
  } catch (thrown) {
    const now = context().chat;
    const stands = now.indexOf(message);
    if (stands >= 0) {
      now.splice(stands, 1);
      now.splice(index, 0, message);
    }
    throw thrown;
  }
  const element = elementOf(index);
  const target = elementOf(to);
  if (element === null && target === null && !isBetween(index, to)) return;
  if (element === null || target === null) {
    // Into or out of what is shown: which messages that is changes, and only SillyTavern knows how.
    await context().reloadCurrentChat();
    return;
  }
  const first = number(elements()[0] ?? element);
  if (to > index) target.after(element);
  else target.before(element);
  renumber(first);
  context().swipe?.refresh?.(true);
}

/** Whether messages that are shown lie between two that are not. */
function isBetween(index: number, to: number): boolean {
  const [low, high] = [Math.min(index, to), Math.max(index, to)];
  return elements().some((element) => number(element) > low && number(element) < high);
}

/** Hides messages from the model, or shows them to it again. */
export async function hideMessages(index: number, count: number, hidden: boolean): Promise<void> {
  const { chat } = context();
  const before = chat.slice(index, index + count).map((message) => message.is_system);
  const set = (value: (place: number) => boolean): void => {
    for (let place = 0; place < count; place += 1) {
      const message = chat[index + place];
      if (message === undefined) continue;
      message.is_system = value(place);
      elementOf(index + place)?.setAttribute("is_system", String(message.is_system));
    }
    context().swipe?.refresh?.(true);
  };
  set(() => hidden);
  try {
    await saveChat();
  } catch (thrown) {
    set((place) => before[place] ?? false);
    throw thrown;
  }
}

/** Draws an edited message again where it is on screen: who speaks, the picture, the text, the reasoning. */
export function redraw(index: number, message: STMessage): void {
  const element = elementOf(index);
  // SillyTavern's function breaks over one that it does not show.
  if (element === null) return;
  context().updateMessageBlock(index, message);
  element.setAttribute("ch_name", message.name);
  const name = element.querySelector(".ch_name .name_text");
  if (name !== null) name.textContent = message.name;
  if (message.force_avatar !== undefined)
    element.querySelector(".avatar img")?.setAttribute("src", message.force_avatar);
}

/**
 * Throws `busy` while the person edits a message from `first` to `last`, or its reasoning. Whatever changes the places of
 * messages names all those that get another one: SillyTavern would put the edited text into the wrong message.
 */
export function throwIfEdited(first = 0, last = Number.POSITIVE_INFINITY): void {
  for (const box of document.querySelectorAll(
    `${CHAT} .mes .edit_textarea, ${CHAT} .mes .reasoning_edit_textarea`,
  )) {
    const index = Number(box.closest(".mes")?.getAttribute("mesid"));
    if (index < first || index > last) continue;
    throw new HostError("busy", "The person is editing a message in SillyTavern just now. Try again later.", {
      editing: index,
    });
  }
}

/**
 * Throws `busy` where opening another chat would cost the person something: the message that they edit, or the files that
 * they attached to the one they write, which SillyTavern drops then. The text that they write stays.
 */
export function throwIfUnfinished(): void {
  throwIfEdited();
  const files = document.querySelector<HTMLInputElement>("#file_form_input")?.files?.length ?? 0;
  if (files === 0) return;
  throw new HostError(
    "busy",
    "The person has attached a file to the message that they write; SillyTavern would drop it. Try again later.",
    { attached: files },
  );
}
