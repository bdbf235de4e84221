/** `expression.*`: the pictures of a character's expressions. */

import type { Expression, ExpressionDeleted, File } from "@tavernlink/client";

import { deleteSprites, findSprites, listSprites, readSprite, writeSprite } from "../host/expressions.js";
import { HostError } from "../host/failure.js";
import { type Host } from "../host/host.js";
import { find } from "../host/roster.js";
import { file, optionalText, text, type Arguments } from "./arguments.js";
import type { Noun } from "./noun.js";

function list(_host: Host, args: Arguments): Promise<Expression[]> {
  return listSprites(find(text(args, "character")));
}

async function get(_host: Host, args: Arguments): Promise<File> {
  const character = find(text(args, "character"));
  const [first] = await findSprites(character, text(args, "expression"));
  if (first === undefined) throw new HostError("unknown_item", "The picture is gone.");
  return readSprite(character, first.file);
}

function set(_host: Host, args: Arguments): Promise<Expression> {
  const character = find(text(args, "character"));
  const picture = file(args, "file");
  if (picture === undefined)
    throw new HostError("invalid_message", "The command's argument “file” must be a file.");
  return writeSprite(character, text(args, "expression"), optionalText(args, "variant"), picture);
}

async function remove(_host: Host, args: Arguments): Promise<ExpressionDeleted> {
  const character = find(text(args, "character"));
  const found = await findSprites(character, text(args, "expression"));
  await deleteSprites(character, found);
  return { files: found.length };
}

export const expressions = {
  "expression.list": { lane: "detached", run: list },
  "expression.get": { lane: "detached", run: get },
  "expression.set": { lane: "visible", run: set },
  "expression.delete": { lane: "visible", run: remove },
} satisfies Noun;
