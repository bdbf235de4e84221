/** A function's result as a model is told it: a text. Images are shown to the person and described to the model. */

import { isFilePart, type FilePart } from "../functions/files.js";

/** A model's context is small beside what a function may return. */
const LONGEST = 100_000;

export interface Answer {
  text: string;
  images: FilePart[];
}

export function answerOf(result: unknown): Answer {
  const images: FilePart[] = [];
  const told = describe(result, images);
  const text = typeof told === "string" ? told : JSON.stringify(told);
  return { text: text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (cut)`, images };
}

function describe(value: unknown, images: FilePart[]): unknown {
  if (value === null || value === undefined) return "Done.";
  return within(value, images);
}

function within(value: unknown, images: FilePart[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => within(item, images));
  if (!isFilePart(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, within(item, images)]));
  }
  const isImage = /^image\/(png|jpe?g|webp|gif|bmp|avif)$/i.test(value.mime);
  if (isImage) images.push(value);
  const bytes = Math.floor((value.data.length * 3) / 4);
  const name = value.name === undefined ? "" : ` “${value.name}”`;
  return `[${value.mime}${name}, ${bytes} bytes; ${isImage ? "shown to the user in the chat" : "not shown"}]`;
}

export function failureOf(thrown: unknown): string {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  const what = typeof message === "string" && message !== "" ? message : String(thrown);
  return typeof code === "string" ? `Error (${code}): ${what}` : `Error: ${what}`;
}
