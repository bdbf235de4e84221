/** Messages that are not the person's: a character's, the narrator's, notes. As SillyTavern's own commands make them. */

import { context, type STCharacter, type STMessage } from "./context.js";
import { HostError } from "./failure.js";

export type Role = "character" | "narrator" | "system" | "comment";

/** SillyTavern's own pictures. */
const SYSTEM_PICTURE = "img/five.png";
const NOTE_PICTURE = "img/quill.png";
const NOBODY_PICTURE = "img/ai4.png";

export interface Line {
  text: string;
  role: Role;
  name?: string | undefined;
  hidden: boolean;
  reasoning?: string | undefined;
}

export function lineOf({ text, role, name, hidden, reasoning }: Line): STMessage {
  const send_date = new Date().toISOString();
  const common = { gen_id: Date.now(), isSmallSys: false, api: "manual", model: "tavernlink" };
  if (role !== "character") {
    if (reasoning !== undefined && reasoning !== "") {
      throw new HostError("unsupported_parameter", "Only what a character says has a reasoning.", {
        parameter: "reasoning",
      });
    }
    return {
      ...NOTES[role](),
      ...(name === undefined || name === "" ? {} : { name }),
      is_user: false,
      is_system: hidden || role !== "narrator",
      send_date,
      mes: text,
      extra: { type: TYPES[role], ...common },
    };
  }
  const extra = {
    ...common,
    ...(reasoning === undefined || reasoning === "" ? {} : { reasoning, reasoning_type: "manual" }),
  };
  return {
    ...voiceOf(name),
    is_user: false,
    is_system: hidden,
    send_date,
    mes: text,
    extra,
    swipe_id: 0,
    swipes: [text],
    swipe_info: [{ send_date, gen_started: null, gen_finished: null, extra: structuredClone(extra) }],
  };
}

const TYPES = { narrator: "narrator", system: "generic", comment: "comment" } as const;

const NOTES: Record<Exclude<Role, "character">, () => { name: string; force_avatar: string }> = {
  narrator: () => {
    const chosen = context().chatMetadata["narrator_name"];
    const name = typeof chosen === "string" && chosen !== "" ? chosen : "System";
    return { name, force_avatar: SYSTEM_PICTURE };
  },
  system: () => ({ name: "SillyTavern System", force_avatar: SYSTEM_PICTURE }),
  comment: () => ({ name: "Note", force_avatar: NOTE_PICTURE }),
};

export interface Voice {
  name: string;
  /** Undefined: the open character's own. */
  force_avatar?: string;
  original_avatar?: string;
}

/** Name and picture of a character by id or name; default: the open one. Any other name has a picture of nobody. */
export function voiceOf(wanted: string | undefined): Voice {
  const { characters, characterId, groupId } = context();
  const open = groupId || characterId === undefined ? undefined : characters[Number(characterId)];
  if (wanted === undefined || wanted === "") {
    if (open !== undefined) return { name: open.name };
    throw new HostError("invalid_message", "A group is open: name the character that speaks.", {
      argument: "name",
    });
  }
  const character = findVoice(wanted, open, characters);
  if (character === undefined)
    return { name: wanted, force_avatar: NOBODY_PICTURE, original_avatar: NOBODY_PICTURE };
  const { name, avatar } = character;
  if (avatar === open?.avatar) return { name };
  return { name, force_avatar: thumbnail(avatar), original_avatar: avatar };
}

/** By id; by name, of several the open one. */
function findVoice(
  wanted: string,
  open: STCharacter | undefined,
  characters: readonly STCharacter[],
): STCharacter | undefined {
  const byId = characters.find(({ avatar }) => avatar === wanted || avatar === `${wanted}.png`);
  if (byId !== undefined) return byId;
  return open?.name === wanted ? open : characters.find(({ name }) => name === wanted);
}

function thumbnail(avatar: string): string {
  return `/thumbnail?type=avatar&file=${encodeURIComponent(avatar)}`;
}
