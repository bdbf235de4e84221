"""Prompts, and chains made of them by `|`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Chain:
    def __init__(self, *links: Any) -> None:
        self._links = links

    def __or__(self, link: Any) -> Chain:
        return Chain(*self._links, link)

    def stream(self, values: dict[str, str]) -> Iterator[str]:
        prompt, model, _parser = self._links
        return iter(model.stream(prompt.filled(values)))


class ChatPromptTemplate(Chain):
    def __init__(self, messages: list[tuple[str, str]]) -> None:
        super().__init__(self)
        self._messages = messages

    @classmethod
    def from_messages(cls, messages: list[tuple[str, str]]) -> ChatPromptTemplate:
        return cls(messages)

    def filled(self, values: dict[str, str]) -> list[dict[str, str]]:
        return [{"role": role, "content": text.format(**values)} for role, text in self._messages]
