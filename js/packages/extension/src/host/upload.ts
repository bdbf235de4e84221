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
  const { name2, getRequestHeaders } = context();
  const answer = await fetch("/api/images/upload", {
    method: "POST",
    headers: getRequestHeaders(),
    body: JSON.stringify({
      image: data,
      format: format.toLowerCase(),
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
