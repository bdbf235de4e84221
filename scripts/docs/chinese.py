"""Chinese as a browser shall show it: a line that the source breaks inside a sentence has no space there.

HTML shows a line break as a space. Between two Chinese characters there is none in print, and none beside Chinese
punctuation; between Chinese and Latin the site, like its sources, has one.
"""

from __future__ import annotations

import re

__all__ = ["joined_lines"]

_PUNCTUATION = "\u3000-\u303f\uff00-\uffef\u2014\u2018-\u201d\u2026"
_CHARACTER = rf"\u3400-\u9fff\uf900-\ufaff{_PUNCTUATION}"
_LINK_END = r"(?:\]\([^)\n]*\))?"
_BLOCK = r"(?![ \t]*(?:[-+|>#]|\*[ \t]|\d+[.)][ \t]|`{3}|~{3}|!{3}|\?{3}|={3}|:[ \t]|<))"
"""What a line may not begin with: a list, a table, a heading, a box or a block of HTML is one of its own."""

_BREAK = re.compile(
    rf"[{_CHARACTER}]\**{_LINK_END}\**\n{_BLOCK}[ \t]*[*\[]*[{_CHARACTER}]"
    rf"|[{_PUNCTUATION}]\**\n{_BLOCK}[ \t]*\S"
    rf"|\S\n{_BLOCK}[ \t]*\**[{_PUNCTUATION}]"
)
_NOT_PROSE = re.compile(r"[ \t]*(?:#|\||!{3}|\?{3}|={3}|<!--)")


def joined_lines(text: str) -> str:
    """Return Markdown without the line breaks that would be seen as spaces in Chinese; not for code."""
    lines = text.split("\n")
    out = [lines[0]]
    for line in lines[1:]:
        before = out[-1]
        if not _NOT_PROSE.match(before) and _BREAK.search(f"{before}\n{line}"):
            out[-1] = before + line.lstrip(" \t")
        else:
            out.append(line)
    return "\n".join(out)
