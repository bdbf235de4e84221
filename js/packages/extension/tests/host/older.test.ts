// @vitest-environment jsdom
import { expect, it } from "vitest";

import { worldNamesOnPage } from "../../src/host/older.js";

it("reads the lorebooks' names where the context has none", () => {
  document.body.innerHTML = `<select id="world_editor_select">
    <option value="">--- Pick to Edit ---</option><option value="0">Eldoria</option><option value="1">A &amp; B</option>
  </select>`;
  expect(worldNamesOnPage()).toEqual(["Eldoria", "A & B"]);
});
