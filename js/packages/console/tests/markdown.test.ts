// @vitest-environment jsdom
import { describe, expect, test } from "vitest";

import { render } from "../src/parts/markdown.js";

describe("message text on the page", () => {
  test("is Markdown as people write it", () => {
    expect(render("*leans in*\nline **two**")).toContain("<em>leans in</em><br>line <strong>two</strong>");
  });

  test("marks what is said aloud, in three kinds of quotes, but not in code", () => {
    const html = render('"Hi," she said. “Come.” 「来」 `"code"`');
    expect(html.match(/<q>/g)).toHaveLength(3);
    expect(html).toContain('<code>"code"</code>');
  });

  test("keeps emphasis inside of what is said, and quotes in links and tags as they are", () => {
    const html = render('"Come **now**," he said. [map](https://example.org "the map") <b title="x">y</b> "');
    expect(html).toContain('<q>"Come <strong>now</strong>,"</q>');
    expect(html.match(/<q>/g)).toHaveLength(1);
    expect(html).toContain('title="the map"');
  });

  test("what is said cannot smuggle anything in", () => {
    const page = document.createElement("div");
    page.innerHTML = render('"<img src=x onerror=alert(1)> <script>alert(1)</script>"');
    expect(page.querySelector("img, script")).toBeNull();
  });

  test("code can be copied where the text is whole", () => {
    const code = "```\nlet x;\n```";
    expect(render(code, "Copy")).toContain('<button type="button">Copy</button>');
    expect(render(code)).not.toContain("<button");
  });

  test.each([
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<style>body{display:none}</style><div style="position:fixed">x</div>',
    "<iframe src=https://example.org></iframe>",
    "<form action=https://example.org><input name=key></form>",
    "<svg><animate onbegin=alert(1)></svg>",
  ])("runs and hides nothing: %s", (text) => {
    const page = document.createElement("div");
    page.innerHTML = render(text);
    expect(page.querySelector("script, style, iframe, form, input, svg, img")).toBeNull();
    for (const element of page.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on|^style$/);
        expect(value).not.toMatch(/^(javascript|data):/i);
      }
    }
  });

  test("a picture from elsewhere is a link: to show it would tell who reads", () => {
    const page = document.createElement("div");
    page.innerHTML = render("![a cat](https://example.org/cat.png)");
    expect(page.querySelector("img")).toBeNull();
    expect(page.querySelector("a")?.textContent).toBe("a cat");
    page.innerHTML = render("![dot](data:image/png;base64,iVBORw0KGgo=)");
    expect(page.querySelector("img")).not.toBeNull();
  });
});
