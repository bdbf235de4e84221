"""What the stand-in model answers: a pure function from a prompt to a plan.

A directive is a word in square brackets in the last user message, or in any message after it (SillyTavern puts
quiet prompts there as system messages). Directives are taken out of the text before it is repeated.

    [tokens=N]         exactly N tokens of reply
    [speed=N]          N tokens per second for this reply; 0 means as fast as possible
    [delay=S]          S seconds before the first token
    [say=TEXT]         the reply is TEXT, and not the repeated message
    [reasoning]        12 tokens of thoughts first; [reasoning=N] for N tokens
    [error=STATUS]     an HTTP error with an OpenAI error object (400..599)
    [error=midstream]  half of the reply, then an error object inside the stream
    [error=cut]        half of the reply, then the connection is closed without an end
    [hang]             no byte of the reply ever comes; [hang=N] stops after N tokens
    [tool=NAME {json}] calls the tool NAME with these arguments, if the request offers it; several: side by side

A reply that has been given tool results repeats them and calls nothing. `tool_choice` and `parallel_tool_calls` are
obeyed: where a call is required and no directive names one, the first tool that fits is called without arguments.
Where `response_format` asks for JSON, the reply is a small value that fits, unless [say] says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tavernlink.demo.sample import wanted_sample

__all__ = ["Plan", "count_tokens", "plan_completion", "plan_reply", "text_of"]

_DIRECTIVE = re.compile(
    r"\s*\[(?:"
    r"(?P<name>tokens|speed|delay|error|hang|reasoning)(?:=(?P<value>[\w.]+))?"
    r"|say=(?P<say>[^\]]*)"
    r"|tool=(?P<tool>[\w.-]+)(?:\s+(?P<arguments>\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}))?"
    r")\]"
)
_TOKEN = re.compile(r"\s*\S+|\s+$")
_FILLER = (
    " She smiles and listens to the rain on the leaves of the old glade, then answers with care."
    " The fire crackles softly while the evening light falls between the trees."
)
_THOUGHTS = (
    "Someone spoke to me. I shall repeat what was said, so that my answer can be told from all others."
)
_REPLY_FILLER_TOKENS = 17
_THOUGHT_TOKENS = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """One reply, decided before its first byte is sent. Token lists keep their white space: join them for the text."""

    tokens: tuple[str, ...]
    reasoning: tuple[str, ...] = ()
    finish_reason: str = "stop"
    speed: float | None = None
    """Tokens per second; None leaves it to the server, 0 is as fast as possible."""
    delay: float = 0.0
    error: str | None = None
    """An HTTP status in digits, `midstream` or `cut`."""
    hang_after: int | None = None
    tools: tuple[tuple[str, str], ...] = ()
    """Name and JSON arguments of each tool call."""
    aside: bool = False
    """With tool calls: the text was asked for and goes before them; otherwise they come without any."""

    @property
    def text(self) -> str:
        """The whole reply."""
        return "".join(self.tokens)


def text_of(content: Any) -> str:
    """The text of an OpenAI message's content: a string, or the text parts of a list; images count as `<image>`."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (
        str(part.get("text", "")) if part.get("type") == "text" else "<image>"
        for part in content
        if isinstance(part, Mapping)
    )
    return " ".join(parts)


def plan_reply(body: Mapping[str, Any]) -> Plan:
    """Plan the answer to a chat completion request. Equal requests get equal plans."""
    messages = [message for message in body.get("messages") or () if isinstance(message, Mapping)]
    last_user = max((i for i, message in enumerate(messages) if message.get("role") == "user"), default=-1)
    tail = messages[max(last_user, 0) :]
    asked = text_of(messages[last_user].get("content")) if last_user >= 0 else ""
    directives = "\n".join(
        text_of(message.get("content")) for message in tail if message.get("role") != "assistant"
    )
    tool_results = [text_of(message.get("content")) for message in tail if message.get("role") == "tool"]
    opening = None
    if tool_results:
        who = "The tool answered" if len(tool_results) == 1 else "The tools answered"
        quoted = ", ".join(f'"{result}"' for result in tool_results)
        opening = f"{who}: {quoted}."
    return _plan(asked, directives, body, opening=opening, tools_allowed=not tool_results)


def plan_completion(body: Mapping[str, Any]) -> Plan:
    """Plan the answer to a text completion request; the last non-empty line but one of a chat prompt is repeated."""
    prompt = body.get("prompt")
    text = prompt if isinstance(prompt, str) else "".join(map(str, prompt or ()))
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[-1].rstrip().endswith(":"):
        lines.pop()  # the name that the reply is to follow
    asked = lines[-1] if lines else ""
    return _plan(asked, asked, body)


def _plan(
    asked: str,
    directives: str,
    body: Mapping[str, Any],
    *,
    opening: str | None = None,
    tools_allowed: bool = True,
) -> Plan:
    found: dict[str, str] = {}
    say: str | None = None
    wanted: list[tuple[str, str]] = []
    for match in _DIRECTIVE.finditer(directives):
        if match["name"]:
            found[match["name"]] = match["value"] or ""
        elif match["tool"]:
            wanted.append((match["tool"], match["arguments"] or "{}"))
        else:
            say = match["say"]
    tools = _choose(wanted, body) if tools_allowed else ()

    sample = wanted_sample(body) if say is None else None
    if say is not None or sample is not None:
        tokens = _split(say or sample or "")
    else:
        repeated = " ".join(_DIRECTIVE.sub("", asked).split())
        tokens = _split(opening or f'You said: "{repeated}".')
        tokens += _filler(_FILLER, _REPLY_FILLER_TOKENS)
    if "tokens" in found:
        count = int(_number(found["tokens"], len(tokens)))
        tokens = (tokens + _filler(_FILLER, max(0, count - len(tokens))))[:count]

    tokens, finish_reason = _cut(tokens, body)
    return Plan(
        tokens=tokens,
        reasoning=_filler(_THOUGHTS, int(_number(found["reasoning"], _THOUGHT_TOKENS)))
        if "reasoning" in found
        else (),
        finish_reason="tool_calls" if tools else finish_reason,
        speed=_number(found["speed"], 0.0) if "speed" in found else None,
        delay=_number(found.get("delay", ""), 0.0),
        error=found.get("error"),
        hang_after=int(_number(found["hang"], 0)) if "hang" in found else None,
        tools=tools,
        aside=say is not None,
    )


def _choose(wanted: list[tuple[str, str]], body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of the calls that the directives want, those that the request allows."""
    offered = [
        str(tool["function"].get("name"))
        for tool in body.get("tools") or ()
        if isinstance(tool.get("function"), Mapping)
    ]
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, Mapping):  # one tool, by name
        name = str((choice.get("function") or {}).get("name"))
        offered = [each for each in offered if each == name]
    if choice == "none" or not offered:
        return ()
    calls = [call for call in wanted if call[0] in offered]
    if not calls and choice != "auto":
        calls = [(offered[0], "{}")]
    return tuple(calls[:1] if body.get("parallel_tool_calls") is False else calls)


def _split(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))


def _filler(source: str, count: int) -> tuple[str, ...]:
    return tuple(islice(cycle(_split(source if source.startswith(" ") else f" {source}")), count))


def _cut(tokens: tuple[str, ...], body: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Apply the request's `stop` and `max_tokens`; what ends the text first gives the reason."""
    stops = body.get("stop") or ()
    text = "".join(tokens)
    ends = [text.find(stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop]
    end = min((position for position in ends if position >= 0), default=len(text))
    if end < len(text):
        tokens = _split(text[:end])
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if isinstance(limit, int) and 0 < limit < len(tokens):
        return tokens[:limit], "length"
    return tokens, "stop"


def _number(value: str, default: float) -> float:
    try:
        return float(value)
    except ValueError:
        return float(default)


def count_tokens(messages: Iterable[Any]) -> int:
    """The stand-in's idea of a prompt's length: its words."""
    return sum(len(text_of(m.get("content")).split()) for m in messages if isinstance(m, Mapping))
