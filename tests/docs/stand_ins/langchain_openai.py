"""The chat model, as LangChain's own has it: OpenAI's client behind the same names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openai import OpenAI


class ChatOpenAI:
    def __init__(self, *, base_url: str, api_key: str, model: str, max_retries: int, timeout: float) -> None:
        self._client = OpenAI(base_url=base_url, api_key=api_key, max_retries=max_retries, timeout=timeout)
        self._model = model

    def stream(self, messages: Any) -> Iterator[str]:  # plain dicts, as LangChain sends them
        chunks = self._client.chat.completions.create(model=self._model, messages=messages, stream=True)
        for chunk in chunks:
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""
