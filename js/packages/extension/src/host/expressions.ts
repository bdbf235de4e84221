/** Pictures of a character's expressions (sprites): files in a folder of the character's name. */

import { decode, type File64, extensionOf, fetchFile, picture, postForm } from "./bytes.js";
import { context, type STCharacter } from "./context.js";
import { HostError } from "./failure.js";
import { post } from "./library/server.js";

export interface Sprite {
  expression: string;
  file: string;
}

interface Listed {
  label: string;
  path: string;
}

/** SillyTavern's rule: the folder that the person chose for this character, else its name. */
export function spriteFolder({ avatar, name }: STCharacter): string {
  const { extensionSettings } = context();
  const chosen = extensionSettings["expressionOverrides"];
  const stem = avatar.replace(/\.[^/.]+$/, "");
  const own = Array.isArray(chosen)
    ? (chosen as { name?: unknown; path?: unknown }[]).find((entry) => entry.name === stem)?.path
    : undefined;
  return typeof own === "string" && own !== "" ? own : name;
}

export async function listSprites(character: STCharacter): Promise<Sprite[]> {
  const folder = spriteFolder(character);
  const answer = await fetch(`/api/sprites/get?name=${encodeURIComponent(folder)}`, {
    headers: context().getRequestHeaders(),
    cache: "no-cache",
  });
  if (!answer.ok)
    throw new HostError("command_failed", `SillyTavern did not list the pictures (status ${answer.status}).`);
  const found = (await answer.json()) as Listed[];
  const prefix = `/characters/${folder}/`;
  return found
    .map(({ label, path }) => ({
      expression: label,
      file: path.slice(prefix.length).replace(/\?t=\d+$/, ""),
    }))
    .sort((one, other) => one.file.localeCompare(other.file));
}

/** The pictures of an expression, or the one with this file name. Throws `unknown_item` where there is none. */
export async function findSprites(character: STCharacter, wanted: string): Promise<Sprite[]> {
  const all = await listSprites(character);
  const [exact] = all.filter(({ file }) => file === wanted);
  const found =
    exact === undefined ? all.filter((sprite) => sprite.expression === wanted.toLowerCase()) : [exact];
  if (found.length > 0) return found;
  throw new HostError("unknown_item", `“${character.name}” has no picture for the expression “${wanted}”.`, {
    character: character.avatar,
    expression: wanted,
    known: [...new Set(all.map(({ expression }) => expression))],
  });
}

export async function readSprite(character: STCharacter, file: string): Promise<File64> {
  const path = [...spriteFolder(character).split("/"), file].map(encodeURIComponent).join("/");
  const read = await fetchFile(`/characters/${path}`, file);
  if (read === undefined) throw new HostError("unknown_item", "The picture is gone.", { file });
  return read;
}

/** Gives an expression a picture; one of the same file name is replaced. */
export async function writeSprite(
  character: STCharacter,
  expression: string,
  variant: string | undefined,
  file: File64,
): Promise<Sprite> {
  // Made sure that it is one; the bytes stay as they are, since expressions may be animated.
  await picture(file);
  const name = variant === undefined ? expression : `${expression}-${variant}`;
  const type = /^image\/([a-z]+)/.exec(file.type)?.[1]?.replace("jpeg", "jpg");
  const end = extensionOf(file.name) || (type ?? "png");
  const answer = await postForm(
    "/api/sprites/upload",
    { name: spriteFolder(character), label: expression, spriteName: name },
    { name: `${name}.${end}`, blob: new Blob([decode(file)], { type: file.type }) },
  );
  if (!answer.ok)
    throw new HostError("command_failed", `SillyTavern did not take the picture (status ${answer.status}).`);
  return { expression: expression.toLowerCase(), file: `${name}.${end}` };
}

export async function deleteSprites(character: STCharacter, sprites: readonly Sprite[]): Promise<void> {
  const folder = spriteFolder(character);
  for (const { expression, file } of sprites) {
    const body = { name: folder, label: expression, spriteName: file.replace(/\.[^.]+$/, "") };
    await post("/api/sprites/delete", body, "deleting the picture");
  }
}
