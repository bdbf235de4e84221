/** Bytes in results and arguments: `{type: "file", mime, data: base64}`, as the protocol has them. */

export interface FilePart {
  type: "file";
  mime: string;
  /** Base64. */
  data: string;
  name?: string;
}

export function isFilePart(value: unknown): value is FilePart {
  const part = value as Partial<FilePart> | null;
  return (
    typeof part === "object" &&
    part?.type === "file" &&
    typeof part.mime === "string" &&
    typeof part.data === "string"
  );
}

const CHUNK = 0x8000;

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/**
 * A JSON value of what a handler returned. Files, blobs and byte arrays become file parts, wherever they stand; they
 * may come from another frame of the page, so they are told by their shape.
 */
export async function toJson(value: unknown): Promise<unknown> {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return typeof value === "bigint" ? String(value) : value;
  if (isBlob(value)) {
    const data = toBase64(new Uint8Array(await value.arrayBuffer()));
    const name = (value as Partial<File>).name;
    const mime = value.type || "application/octet-stream";
    return { type: "file", mime, data, ...(name === undefined ? {} : { name }) };
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { type: "file", mime: "application/octet-stream", data: toBase64(bytes) };
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return toJson((value as { toJSON(): unknown }).toJSON());
  }
  if (Array.isArray(value)) return Promise.all(value.map(toJson));
  const entries = Object.entries(value).filter(
    ([, item]) => item !== undefined && typeof item !== "function",
  );
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, item]) => [key, await toJson(item)] as const)),
  );
}

function isBlob(value: object): value is Blob {
  const kind = Object.prototype.toString.call(value);
  return kind === "[object Blob]" || kind === "[object File]";
}
