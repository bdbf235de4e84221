/** Images that a program attaches to a message: stored with SillyTavern's server, as its own uploads are. */

import { context, type MediaAttachment } from "./context.js";
import { HostError } from "./failure.js";

/** As the protocol has it. */
export interface Attachment {
  name?: unknown;
  /** MIME type. */
  type?: unknown;
  /** Base64. */
  data?: unknown;
}

export async function uploadAttachments(attachments: readonly Attachment[]): Promise<MediaAttachment[]> {
  return Promise.all(attachments.map((attachment, index) => uploadImage(attachment, index)));
}

const pictures = new Map<string, Promise<string>>();
const MOST_PICTURES = 200;

/** A speaker's picture (a data URL) as SillyTavern's server keeps it: uploaded once, however often they speak. */
export async function uploadAvatar(picture: string): Promise<string> {
  const known = pictures.get(picture);
  if (known !== undefined) return known;
  const [head, data] = picture.split(",", 2);
  const format = /^data:image\/(png|jpeg|webp|gif);base64$/.exec(head ?? "")?.[1];
  if (format === undefined || data === undefined || data === "") {
    throw new HostError(
      "unsupported_parameter",
      "The speaker's picture cannot be honoured: it is no image.",
      {
        parameter: "as.avatar",
      },
    );
  }
  const uploading = uploadPicture(data, format, "tavernlink", `speaker_${fingerprint(picture)}`);
  pictures.set(picture, uploading);
  uploading.catch(() => pictures.delete(picture));
  for (const oldest of pictures.keys()) {
    if (pictures.size <= MOST_PICTURES) break;
    pictures.delete(oldest);
  }
  return uploading;
}

/** The same picture gets the same file. Not for secrets: a page on plain http has no `crypto.subtle`. */
function fingerprint(text: string): string {
  let first = 0x811c9dc5;
  let second = 0x1b873593;
  for (let index = 0; index < text.length; index += 1) {
    first = Math.imul(first ^ text.charCodeAt(index), 0x01000193);
    second = Math.imul(second + text.charCodeAt(index), 0x5bd1e995) ^ (second >>> 13);
  }
  return [first >>> 0, second >>> 0, text.length].map((part) => part.toString(16)).join("");
}

export async function uploadPicture(
  image: string,
  format: string,
  folder: string,
  filename: string,
): Promise<string> {
  const answer = await fetch("/api/images/upload", {
    method: "POST",
    headers: context().getRequestHeaders(),
    body: JSON.stringify({ image, format, ch_name: folder, filename }),
  });
  if (!answer.ok) {
    throw new HostError("command_failed", `SillyTavern did not take the image (status ${answer.status}).`);
  }
  return ((await answer.json()) as { path: string }).path;
}

async function uploadImage({ name, type, data }: Attachment, index: number): Promise<MediaAttachment> {
  const format = typeof type === "string" ? /^image\/([\w.-]+)$/i.exec(type)?.[1] : undefined;
  if (format === undefined || typeof data !== "string" || data === "") {
    throw new HostError(
      "unsupported_parameter",
      `attachments[${index}] cannot be honoured: it is no image.`,
      {
        parameter: `attachments[${index}]`,
      },
    );
  }
  const path = await uploadPicture(
    data,
    format.toLowerCase(),
    context().name2,
    `tavernlink_${Date.now()}_${index}`,
  );
  return { url: path, type: "image", title: typeof name === "string" ? name : "" };
}
