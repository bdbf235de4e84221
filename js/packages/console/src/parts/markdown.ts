/**
 * Message text to HTML that is safe to show: Markdown as SillyTavern's users write it, cleaned by DOMPurify.
 *
 * Nothing in a message may reach outside: images of other servers become links, since a picture is also a way to see
 * who reads.
 */

import DOMPurify from "dompurify";
import { Marked } from "marked";

const marked = new Marked({ gfm: true, breaks: true });
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

/** What is said aloud, as SillyTavern marks it. */
const SPOKEN = /("[^"\n<>]+"|“[^”\n<>]+”|「[^」\n<>]+」)/g;

function markSpoken(root: DocumentFragment): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode() !== null) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (text.parentElement?.closest("code, pre, a") !== null && text.parentElement !== null) continue;
    const parts = text.data.split(SPOKEN);
    if (parts.length === 1) continue;
    text.replaceWith(
      ...parts.map((part, place) => {
        if (place % 2 === 0) return part;
        const spoken = document.createElement("q");
        spoken.textContent = part;
        return spoken;
      }),
    );
  }
}

export function render(text: string): string {
  const html = marked.parse(text, { async: false });
  const clean = purify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    FORBID_TAGS: ["style", "form", "input", "button", "iframe", "video", "audio", "svg", "math"],
    FORBID_ATTR: ["style", "class", "id", "name", "srcset"],
  });
  markSpoken(clean);
  const holder = document.createElement("div");
  holder.append(clean);
  return holder.innerHTML;
}
