/**
 * Which character speaks: finding one by id, and lending the open character's place to another one for a build.
 *
 * A build reads the card through `characters[openIndex]` and the name through `{{char}}`. A save, which the person or
 * an extension can cause at any moment of a build, writes the open chat to the file that the same entry names. So the
 * entry is overlaid and not exchanged: what a prompt is made of comes from the other card, and everything else (avatar,
 * chat file, name, greeting, …) stays the open character's; writes go to the open character's own object. The index
 * never changes, since SillyTavern drops a delayed save when it sees another index than before.
 */

import { context, type STCharacter, type STContext } from "./context.js";
import { HostError } from "./failure.js";
import { type ScriptModule } from "./script_module.js";

/** What prompts are made of. Not `first_mes`: a chat that is opened during the build must not get its greeting. */
const LENT_FIELDS = ["description", "personality", "scenario", "mes_example"] as const;

/** Data of the open card that must not be lent either. */
const KEPT_DATA = ["name", "first_mes", "alternate_greetings"] as const;

export interface Speaker {
  index: number;
  character: STCharacter;
  /** False: the character is the open one and nothing needs lending. */
  lent: boolean;
}

/** Where the page is: the open character, group or nothing. Changes when the person switches. */
export function place(host: STContext = context()): string {
  return JSON.stringify([host.groupId ?? null, host.characterId ?? null, host.getCurrentChatId() ?? null]);
}

/** Index of the character with this id (avatar file, with or without `.png`) or, when only one has it, this name. */
export function findCharacter(wanted: string, host: STContext = context()): number {
  const byId = host.characters.findIndex(({ avatar }) => avatar === wanted || avatar === `${wanted}.png`);
  if (byId >= 0) return byId;
  const named = host.characters.flatMap(({ name }, index) => (name === wanted ? [index] : []));
  const [only, another] = named;
  if (only === undefined) {
    throw new HostError("unknown_character", `SillyTavern has no character “${wanted}”.`, {
      character: wanted,
    });
  }
  if (another !== undefined) {
    throw new HostError(
      "unknown_character",
      `More than one character is called “${wanted}”: name one by its id.`,
      {
        character: wanted,
        ids: named.map((index) => host.characters[index]?.avatar),
      },
    );
  }
  return only;
}

/** Who speaks in a detached generation. */
export async function chooseSpeaker(wanted: string | undefined): Promise<Speaker> {
  let host = context();
  if (host.groupId !== null && host.groupId !== undefined) {
    throw new HostError(
      "group_open",
      "A group chat is open in this tab, and SillyTavern ties prompts to it. Open a character, or use another tab.",
    );
  }
  if (wanted !== undefined && host.groups.some(({ id, name }) => id === wanted || name === wanted)) {
    throw new HostError(
      "unsupported_parameter",
      "A group cannot speak in a detached generation. Name a character.",
      {
        parameter: "character",
      },
    );
  }
  const open = host.characterId === undefined ? undefined : Number(host.characterId);
  const index = wanted === undefined ? open : findCharacter(wanted, host);
  if (index === undefined) {
    throw new HostError("no_character", "No character is open in SillyTavern. Open one, or name one.");
  }
  await host.unshallowCharacter?.(index);
  host = context();
  const character = host.characters[index];
  if (character === undefined) throw new HostError("unknown_character", "The character is gone.");
  return { index, character, lent: index !== open };
}

export interface Loan {
  /** False: the person switched meanwhile, so what was built may be a mixture. */
  intact(): boolean;
  /** Gives the place back. */
  end(): void;
}

/** Lends the open character's place (or the empty one of the welcome page) to `speaker`. */
export function lend(speaker: Speaker, script: ScriptModule): Loan {
  const host = context();
  const { setCharacterName } = script;
  if (setCharacterName === undefined) {
    throw new HostError(
      "unsupported_parameter",
      "This version of SillyTavern cannot build the prompt of a character that is not open.",
      { parameter: "character" },
    );
  }
  const { characters } = host;
  // With no character open the index is `undefined`, and the entry read is the one under that very word.
  const key = String(host.characterId);
  const owner = Object.getOwnPropertyDescriptor(characters, key);
  const own = owner?.value as STCharacter | undefined;
  const name = host.name2;
  const overlay = makeOverlay(own ?? ({} as STCharacter), speaker.character);
  Object.defineProperty(characters, key, {
    value: overlay,
    configurable: true,
    writable: true,
    enumerable: own !== undefined,
  });
  setCharacterName(speaker.character.name);
  const from = place(host);
  const inPlace = (): boolean => Object.getOwnPropertyDescriptor(characters, key)?.value === overlay;
  const end = (): void => {
    window.removeEventListener("click", acted, true);
    window.removeEventListener("keydown", acted, true);
    if (inPlace()) {
      if (owner === undefined) Reflect.deleteProperty(characters, key);
      else Object.defineProperty(characters, key, owner);
    }
    const now = context();
    if (now.name2 !== speaker.character.name) return;
    const open = now.groupId ? undefined : now.characters[Number(now.characterId)];
    setCharacterName(place(now) === from ? name : (open?.name ?? ""));
  };
  // A click or Enter can make SillyTavern write the name somewhere (`{{char}}` in an edited message, a new chat): the
  // place is given back before the event reaches its target, and the build is done again.
  const acted = (event: Event): void => {
    if (event instanceof KeyboardEvent && event.key !== "Enter") return;
    end();
  };
  window.addEventListener("click", acted, true);
  window.addEventListener("keydown", acted, true);
  return {
    intact: () => inPlace() && place() === from && context().name2 === speaker.character.name,
    end,
  };
}

function makeOverlay(own: STCharacter, other: STCharacter): STCharacter {
  const data: Record<string, unknown> = { ...structuredClone(other.data ?? {}) };
  for (const key of KEPT_DATA) {
    if (own.data === undefined) Reflect.deleteProperty(data, key);
    else data[key] = own.data[key];
  }
  const lent = new Map<string | symbol, unknown>(LENT_FIELDS.map((field) => [field, other[field]]));
  lent.set("data", data);
  return new Proxy(own, {
    get: (target, property): unknown =>
      lent.has(property) ? lent.get(property) : Reflect.get(target, property),
    set: (target, property, value) => {
      lent.delete(property);
      return Reflect.set(target, property, value);
    },
  });
}
