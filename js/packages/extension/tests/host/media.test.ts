import { expect, it, vi } from "vitest";

import type { STMessage } from "../../src/host/context.js";
import { addMedia, mediaOf, readMedium, removeMedium, uploadMedium } from "../../src/host/media.js";

vi.stubGlobal("SillyTavern", { getContext: () => ({ getRequestHeaders: () => ({}), name2: "Wren" }) });

function message(extra?: STMessage["extra"]): STMessage {
  return {
    name: "Wren",
    is_user: false,
    is_system: false,
    mes: "",
    ...(extra === undefined ? {} : { extra }),
  };
}

it("lists what a message has, in SillyTavern's order, and the one picture of older chats", () => {
  const media = [
    {
      type: "image",
      url: "/user/images/Wren/a%20b.png",
      title: "a long prompt about\nrivers",
      source: "generated",
    },
    { type: "video", url: "/user/images/Wren/c.mp4", title: "c.mp4" },
  ];
  const files = [{ url: "/user/files/1.txt", name: "letter.md", size: 3, created: 1 }];
  expect(mediaOf(message({ media, files, image: "/user/images/Wren/a%20b.png" }))).toMatchObject([
    { kind: "image", name: "a b.png", generated: true },
    { kind: "video", name: "c.mp4", generated: false },
    { kind: "file", name: "letter.md" },
  ]);
  expect(mediaOf(message({ image: "data:image/png;base64,AA==" }))).toMatchObject([
    { kind: "image", name: "" },
  ]);
  expect(mediaOf(message())).toEqual([]);
});

it("takes one out and leaves no trace of the last", () => {
  const one = message();
  addMedia(one, [
    ["media", { url: "/a.png", type: "image" }],
    ["media", { url: "/b.png", type: "image" }],
    ["files", { url: "/c.txt", name: "c.txt", size: 1, created: 1 }],
  ]);
  expect(one.extra).toMatchObject({ media_index: 1, inline_image: true });
  for (let left = 3; left > 0; left -= 1) {
    const [first] = mediaOf(one);
    expect(mediaOf(one)).toHaveLength(left);
    if (first !== undefined) removeMedium(one, first);
  }
  expect(one.extra).toEqual({});
});

it("does not fetch what lies elsewhere", async () => {
  vi.stubGlobal("document", { baseURI: "http://127.0.0.1:8000/" });
  vi.stubGlobal("location", { origin: "http://127.0.0.1:8000" });
  const [far] = mediaOf(message({ media: [{ type: "image", url: "https://example.com/x.png" }] }));
  if (far === undefined) throw new Error("no medium");
  await expect(readMedium(far)).rejects.toMatchObject({ code: "unsupported_parameter" });
});

it("refuses what SillyTavern does not keep and what is no text, before anything is uploaded", async () => {
  const upload = vi.fn();
  vi.stubGlobal("fetch", upload);
  for (const [name, type, data] of [
    ["x.svg", "image/svg+xml", "PHN2Zy8+"],
    ["x.bin", "application/octet-stream", "//4A"],
    ["x.png", "image/png", "not base64!"],
  ] as const)
    await expect(uploadMedium({ name, type, data })).rejects.toMatchObject({ code: "invalid_file" });
  expect(upload).not.toHaveBeenCalled();
});
