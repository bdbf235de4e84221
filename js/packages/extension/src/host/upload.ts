/** Images that a program attaches to a message: stored with SillyTavern's server, as its own uploads are. */

import { context, type MediaAttachment } from "./context.js";
import { HostError } from "./failure.js";

export interface Attachment {
  type?: unknown;
  /** A data URL. */
  url?: unknown;
  name?: unknown;
  [key: string]: unknown;
}

const DATA_URL = /^data:image\/(?<format>[\w.+-]+);base64,(?<data>.+)$/is;

export async function uploadAttachments(attachments: readonly Attachment[]): Promise<MediaAttachment[]> {
  return Promise.all(attachments.map((attachment, index) => uploadImage(attachment, index)));
}

async function uploadImage({ url, name }: Attachment, index: number): Promise<MediaAttachment> {
  const parts = typeof url === "string" ? DATA_URL.exec(url)?.groups : undefined;
  if (parts === undefined) {
    throw new HostError(
      "unsupported_parameter",
      `attachments[${index}] must be an image as a base64 data URL.`,
      {
        parameter: `attachments[${index}]`,
      },
    );
  }
  const { name2, getRequestHeaders } = context();
  const format = (parts["format"] ?? "png").replace("svg+xml", "svg");
  const answer = await fetch("/api/images/upload", {
    method: "POST",
    headers: getRequestHeaders(),
    body: JSON.stringify({
      image: parts["data"],
      format,
      ch_name: name2,
      filename: `tavernlink_${Date.now()}_${index}`,
    }),
  });
  if (!answer.ok) {
    throw new HostError(
      "command_failed",
      `SillyTavern did not take the attachment (status ${answer.status}).`,
    );
  }
  const { path } = (await answer.json()) as { path: string };
  return { url: path, type: "image", title: typeof name === "string" ? name : "" };
}
