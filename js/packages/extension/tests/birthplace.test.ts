import { expect, it } from "vitest";

import { readBirthplace } from "../src/birthplace.js";

const MODULE = "http://st.example/scripts/extensions/third-party/tavernlink/index.js";

const answering = (body: string, status = 200) => {
  const asked: string[] = [];
  const read: typeof fetch = (url) => {
    asked.push(url instanceof URL ? url.href : "");
    return Promise.resolve(new Response(body, { status }));
  };
  return { asked, read };
};

it("reads the hub's address beside the bundle", async () => {
  const { asked, read } = answering('{"url": "https://home.example/tavernlink"}');
  expect(await readBirthplace(MODULE, read)).toBe("https://home.example/tavernlink");
  expect(asked).toEqual(["http://st.example/scripts/extensions/third-party/tavernlink/hub.json"]);
});

it.each(["{}", '{"url": 5}', '{"url": "javascript:alert(1)"}', '{"url": "no address"}', "null", "<html>"])(
  "knows none by %s",
  async (body) => {
    expect(await readBirthplace(MODULE, answering(body).read)).toBeUndefined();
  },
);

it("knows none where there is no such file, or nobody answers", async () => {
  expect(await readBirthplace(MODULE, answering("gone", 404).read)).toBeUndefined();
  expect(await readBirthplace(MODULE, () => Promise.reject(new Error("offline")))).toBeUndefined();
});
