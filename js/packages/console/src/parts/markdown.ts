/**
 * Message text to HTML that is safe to show: Markdown as SillyTavern's users write it, cleaned by DOMPurify.
 *
 * Nothing in a message may reach outside: images of other servers become links, since a picture is also a way to see
 * who reads.
 */

import DOMPurify from "dompurify";
import { Marked, type TokenizerAndRendererExtension } from "marked";

/** What is said aloud, as SillyTavern marks it; emphasis inside stays. */
const SPOKEN = /^(?:"[^"\n]+"|“[^”\n]+”|«[^»\n]+»|「[^」\n]+」|『[^』\n]+』)/;

const spoken: TokenizerAndRendererExtension = {
  name: "spoken",
  level: "inline",
  start: (text) => /["“«「『]/.exec(text)?.index,
  tokenizer(text) {
    const raw = SPOKEN.exec(text)?.[0];
    if (raw === undefined) return undefined;
    return { type: "spoken", raw, tokens: this.lexer.inlineTokens(raw.slice(1, -1)) };
  },
  renderer(token) {
    const escaped = (sign = ""): string => (sign === '"' ? "&quot;" : sign);
    const inside = this.parser.parseInline(token.tokens ?? []);
    return `<q>${escaped(token.raw[0])}${inside}${escaped(token.raw.at(-1))}</q>`;
  },
};

const marked = new Marked({ gfm: true, breaks: true, extensions: [spoken] });
const purify = DOMPurify(window);

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A") {
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  } else if (node.nodeName === "IMG" && !(node.getAttribute("src") ?? "").startsWith("data:image/")) {
    const link = document.createElement("a");
    link.href = node.getAttribute("src") ?? "";
    link.textContent = node.getAttribute("alt") ?? link.href;
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    node.replaceWith(link);
  }
});

/** Code gets a button that copies it; `copyLabel` is what it says. */
function addCopyButtons(root: DocumentFragment, copyLabel: string): void {
  for (const code of root.querySelectorAll("pre")) {
    const frame = document.createElement("div");
    frame.className = "code";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = copyLabel;
    code.tabIndex = 0; // it scrolls sideways, which must work without a mouse
    code.replaceWith(frame);
    frame.append(code, button);
  }
}

/** `copyLabel`: absent where code is not to be copied, as in a text that still grows. */
export function render(text: string, copyLabel?: string): string {
  const html = marked.parse(text, { async: false });
  const clean = purify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: ["style", "form", "input", "button", "iframe", "video", "audio", "svg", "math"],
    FORBID_ATTR: ["style", "class", "id", "name", "srcset"],
  });
  if (copyLabel !== undefined) addCopyButtons(clean, copyLabel);
  const holder = document.createElement("div");
  holder.append(clean);
  return holder.innerHTML;
}
