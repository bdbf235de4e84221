/** What a file of commands exports: the entries of one noun, held against the catalogue by their types. */

import type { Commands } from "@tavernlink/client";

import { type Host } from "../host/host.js";
import { type Arguments } from "./arguments.js";
import { type CommandCall } from "./call.js";

/** A command of the catalogue: its lane is the catalogue's, and what it gives is what the catalogue says. */
export interface NounEntry<Name extends keyof Commands> {
  lane: Commands[Name]["lane"];
  run: (host: Host, args: Arguments, call: CommandCall) => Promise<Commands[Name]["result"]>;
}

export type Noun = { readonly [Name in keyof Commands]?: NounEntry<Name> };
