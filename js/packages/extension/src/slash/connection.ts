/** `/tavernlink-status`, `/tavernlink-connect`, `/tavernlink-disconnect`: the connection, for scripts and by hand. */

import { TavernlinkError, type ConnectionState } from "@tavernlink/client";

import { addSlashCommand } from "../host/slash.js";
import type { Texts } from "../panel/texts.js";

export interface ConnectionCommands {
  state: () => ConnectionState;
  /** Returns the function that stops it. */
  onState: (listener: (state: ConnectionState) => void) => () => void;
  /** Address, name and id of this tavern as they are now. */
  facts: () => { hub: string; name: string; id: string; extension: string };
  hasKey: () => boolean;
  /** True: address and key are those that this browser was given, and not to be changed. */
  pinned: boolean;
  set: (change: { url?: string; key?: string }) => void;
  connect: () => void;
  disconnect: () => void;
  texts: Texts;
}

/** How long `/tavernlink-connect` waits for the hub, in seconds. */
const SECONDS = 30;

export function addConnectionCommands(commands: ConnectionCommands): boolean {
  const { texts } = commands;
  return (
    addSlashCommand({
      name: "tavernlink-status",
      help: texts.say("slash.status"),
      returns: texts.say("slash.status.returns"),
      named: [],
      unnamed: texts.say("slash.status.field"),
      takes: "STRING",
      run: (_named, field) => attempt(() => readStatus(commands, field)),
    }) &&
    addSlashCommand({
      name: "tavernlink-connect",
      help: texts.say("slash.connect"),
      returns: texts.say("slash.connect.returns"),
      named: [{ name: "timeout", about: texts.say("slash.connect.timeout") }],
      unnamed: texts.say("slash.connect.where"),
      takes: "STRING",
      run: ({ timeout }, value) => connect(commands, value, timeout),
    }) &&
    addSlashCommand({
      name: "tavernlink-disconnect",
      help: texts.say("slash.disconnect"),
      returns: texts.say("slash.disconnect.returns"),
      named: [],
      unnamed: "",
      takes: "STRING",
      run: () =>
        attempt(() => {
          commands.disconnect();
          return commands.state().name;
        }),
    })
  );
}

/** The whole of it as JSON, or one field as it is; a field that there is not just now is empty. */
export function readStatus({ state, facts }: ConnectionCommands, field: string): string {
  const now = state();
  const { hub, name, id, extension } = facts();
  const status: Record<string, string | number> = { state: now.name, name, id, hub, extension };
  if (now.name === "online") status["version"] = now.welcome.hub.version;
  if (now.name === "waiting") status["retry"] = Math.max(0, Math.ceil((now.retryAt - Date.now()) / 1000));
  if (now.name === "waiting" || now.name === "refused")
    Object.assign(status, { code: now.code, reason: now.message });
  const wanted = plain(field);
  if (wanted === "") return JSON.stringify(status);
  const known = ["state", "name", "id", "hub", "extension", "version", "retry", "code", "reason"];
  if (!known.includes(wanted))
    throw new Error(`/tavernlink-status has no field “${wanted}”: ${known.join(", ")}.`);
  return String(status[wanted] ?? "");
}

/** Pipes `online`; throws why not. */
export async function connect(
  commands: ConnectionCommands,
  value: string,
  timeout?: string,
): Promise<string> {
  const { texts, pinned } = commands;
  const [url, key, ...more] = plain(value)
    .split(/\s+/)
    .filter((part) => part !== "");
  if (more.length > 0) throw new Error(texts.say("slash.connect.much"));
  if (pinned && url !== undefined) throw new Error(texts.say("slash.connect.pinned"));
  const seconds = timeout === undefined ? SECONDS : Number(timeout);
  if (!(seconds > 0)) throw new Error(`timeout=${timeout ?? ""}?`);
  if (url !== undefined) commands.set({ url, ...(key === undefined ? {} : { key }) });
  if (!commands.hasKey()) throw new Error(texts.say("slash.connect.key"));
  commands.connect();
  const end = await settled(commands, seconds);
  if (end.name === "online") return end.name;
  if (end.name === "waiting" || end.name === "refused")
    throw new TavernlinkError(end.code, texts.error(end.code, end.message));
  throw new TavernlinkError("timeout", texts.say("slash.connect.late"));
}

/** The first state that says how a try ended, or the one after so many seconds. */
function settled({ state, onState }: ConnectionCommands, seconds: number): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const look = (now: ConnectionState): void => {
      if (now.name === "connecting") return;
      finish();
    };
    const finish = (): void => {
      clearTimeout(timer);
      off();
      resolve(state());
    };
    const timer = setTimeout(finish, seconds * 1000);
    const off = onState(look);
    look(state());
  });
}

/** SillyTavern hands on a missing argument as an empty text, in quotes here and there. */
function plain(value: string): string {
  return value
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .trim();
}

function attempt(work: () => string): Promise<string> {
  return Promise.resolve().then(work);
}
