/** Files of messages: pictures, films and sounds that are shown, and files whose text the model reads. */

import { decode, encode, type File64, extensionOf, fetchFile, readFile } from "./bytes.js";
import { context, type MediaAttachment, type STMessage } from "./context.js";
import { HostError } from "./failure.js";
import { post } from "./library/server.js";

export type MediaKind = "image" | "video" | "audio" | "file";

export interface Medium {
  kind: MediaKind;
  name: string;
  /** Address in this SillyTavern, or a data URL. */
  url: string;
  generated: boolean;
  /** Where it stands in the message. */
  list: "media" | "files" | "image";
  at: number;
}

interface AttachedFile {
  url: string;
  name: string;
  size: number;
  created: number;
}

/** A file that was uploaded for a message: the list of the message that it goes to, and the entry there. */
export type Uploaded = ["media", MediaAttachment] | ["files", AttachedFile];

/** Kinds of media that SillyTavern's server keeps, by MIME type. */
const ENDS: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/svg+xml": "",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
  "audio/mpeg": "mp3",
  "audio/wave": "wav",
  "audio/x-wav": "wav",
  "audio/mp4": "m4a",
};
const KEPT = new Set(
  ["png jpg webp gif bmp", "mp4 avi mov wmv flv webm 3gp mkv mpg", "mp3 wav ogg flac aac m4a aiff"].flatMap(
    (ends) => ends.split(" "),
  ),
);

/** Every file of a message, in SillyTavern's order: media first. */
export function mediaOf({ extra }: STMessage): Medium[] {
  if (extra === undefined) return [];
  const media = (Array.isArray(extra.media) ? extra.media : []).map((item, at): Medium => ({
    kind: kindOf(item.type),
    name: nameOf(item.title, item.url),
    url: item.url,
    generated: (item as MediaAttachment & { source?: unknown }).source === "generated",
    list: "media",
    at,
  }));
  const files = (Array.isArray(extra["files"]) ? (extra["files"] as AttachedFile[]) : []).map(
    (item, at): Medium => ({
      kind: "file",
      name: nameOf(item.name, item.url),
      url: item.url,
      generated: false,
      list: "files",
      at,
    }),
  );
  // How versions before 1.14 kept the one picture of a message; newer ones give the first of the list under this name.
  const own = media.length > 0 ? undefined : extra["image"];
  const old: Medium[] =
    typeof own === "string" && own !== ""
      ? [
          {
            kind: "image",
            name: nameOf(extra["title"], own),
            url: own,
            generated: false,
            list: "image",
            at: 0,
          },
        ]
      : [];
  return [...media, ...files, ...old];
}

function kindOf(type: unknown): MediaKind {
  return type === "video" || type === "audio" ? type : "image";
}

function nameOf(title: unknown, url: string): string {
  const file = url.startsWith("data:")
    ? ""
    : decodeURIComponent(url.split(/[?#]/, 1)[0]?.split("/").at(-1) ?? "");
  // A generated picture's title is its prompt.
  return typeof title === "string" && /^[^\n]{1,120}\.\w{1,5}$/.test(title) ? title : file;
}

/** The file's bytes. What does not lie with this SillyTavern is not fetched: the page's own address might not like it. */
export async function readMedium(medium: Medium): Promise<File64> {
  const { url } = medium;
  if (url.startsWith("data:")) return readFile(await fetch(url), medium.name || "file");
  const address = new URL(url, document.baseURI);
  if (address.origin !== location.origin) {
    throw new HostError(
      "unsupported_parameter",
      `The file lies elsewhere: ${address.origin}. Fetch it there.`,
      {
        parameter: "file",
        url,
      },
    );
  }
  const read = await fetchFile(address.href, medium.name || "file");
  if (read === undefined) {
    throw new HostError("unknown_file", "The message names a file that SillyTavern no longer has.", { url });
  }
  return read;
}

/** Uploads a file for a message and says what the message is to keep of it. */
export async function uploadMedium(file: File64): Promise<Uploaded> {
  const bytes = decode(file);
  const kind = /^(image|video|audio)\//.exec(file.type)?.[1];
  const end = ENDS[file.type] ?? (extensionOf(file.name) || (file.type.split("/")[1] ?? ""));
  const unique = `tavernlink_${Date.now()}_${Math.trunc(Math.random() * 1e9)}`;
  if (kind !== undefined && KEPT.has(end)) {
    const body = { image: encode(bytes), format: end, ch_name: context().name2, filename: unique };
    const answer = await post("/api/images/upload", body, "keeping the picture");
    const { path } = (await answer.json()) as { path: string };
    const medium = { url: path, type: kind, title: file.name, source: "upload" };
    return ["media", medium];
  }
  if (kind !== undefined) {
    throw new HostError("invalid_file", `SillyTavern keeps no ${kind} of type “${file.type}”.`, {
      file: file.name,
    });
  }
  const text = new TextDecoder("utf-8", { fatal: true });
  try {
    text.decode(bytes);
  } catch {
    throw new HostError(
      "invalid_file",
      `“${file.name}” is neither a picture, a film, a sound nor a text in UTF-8.`,
      { file: file.name },
    );
  }
  const body = { name: `${unique}.txt`, data: encode(bytes) };
  const { path } = (await (await post("/api/files/upload", body, "keeping the file")).json()) as {
    path: string;
  };
  return ["files", { url: path, size: bytes.length, name: file.name, created: Date.now() }];
}

/** Puts uploaded files into a message. */
export function addMedia(message: STMessage, uploaded: readonly Uploaded[]): void {
  const extra = (message.extra ??= {});
  for (const [list, item] of uploaded) {
    if (list === "media") {
      extra.media = [...(Array.isArray(extra.media) ? extra.media : []), item];
      extra["media_index"] = extra.media.length - 1;
      extra["inline_image"] = true;
    } else {
      extra["files"] = [...(Array.isArray(extra["files"]) ? (extra["files"] as AttachedFile[]) : []), item];
    }
  }
}

/** Takes one out of a message. The file itself stays: another message may show it, too. */
export function removeMedium({ extra }: STMessage, { list, at }: Medium): void {
  if (extra === undefined) return;
  if (list === "image") {
    Reflect.deleteProperty(extra, "image");
    return;
  }
  const items = extra[list] as unknown[];
  const rest = items.filter((_item, index) => index !== at);
  if (rest.length > 0) extra[list] = rest as never;
  else Reflect.deleteProperty(extra, list);
  if (list !== "media") return;
  if (rest.length > 0) extra["media_index"] = Math.min(Number(extra["media_index"] ?? 0), rest.length - 1);
  else for (const key of ["media_index", "inline_image"]) Reflect.deleteProperty(extra, key);
}
