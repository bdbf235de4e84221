"""A chat completion as it was asked for: the body and the headers that matter, read once, checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.errors import BadMessage
from tavernlink.http.openai.models import Model
from tavernlink.http.openai.parameters import parameters_of, refuse
from tavernlink.http.openai.prompt import last_user_message, read_messages
from tavernlink.protocol.chat import ChatSend
from tavernlink.protocol.requests import Generate, PromptMessage

__all__ = ["Asked", "read_asked"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One chat completion to be made."""

    model: str
    messages: list[PromptMessage]
    params: dict[str, Any]
    stream: bool = False
    include_usage: bool = False
    session: str | None = None
    """Name of the session whose own chat this goes into; None: stateless."""
    timeout: float | None = None
    """Seconds that the generation may run."""
    request_id: str | None = None
    """The client's own name for it (`Idempotency-Key`): asked twice, it is done once."""

    def message(self, model: Model) -> tuple[str, Generate | ChatSend]:
        """Return the catalogue message that asks the hub for it. Raises `BadMessage`."""
        if self.session is None:
            return "generate", Generate(
                mode="detached",
                tavern=model.tavern,
                character=model.character,
                messages=self.messages,
                params=self._params(),
                timeout=self.timeout,
                request_id=self.request_id,
            )
        for name in self.params:
            raise refuse(
                name,
                "in a session the settings are SillyTavern's own. Leave out this or the session.",
            )
        text, attachments = last_user_message(self.messages)
        return "chat.send", ChatSend(
            text=text,
            attachments=attachments,
            tavern=model.tavern,
            character=model.character,
            session=self.session,
            timeout=self.timeout,
            request_id=self.request_id,
        )

    def _params(self) -> dict[str, Any]:
        """The client's. The model is asked to count tokens where the client asks: some servers refuse the question."""
        if not self.include_usage:
            return self.params
        return {**self.params, "stream_options": {"include_usage": True}}


def read_asked(body: bytes, headers: Mapping[str, str]) -> Asked:
    """Return what was asked for. Raises `BadMessage`; `details.param` names the field."""
    found = _object(body)
    model = found.get("model")
    if not isinstance(model, str) or not model:
        raise _wrong("model", "'model' must name a model; GET /v1/models lists them.")
    stream = found.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise _wrong("stream", "'stream' must be true or false.")
    return Asked(
        model=model,
        messages=read_messages(found.get("messages")),
        params=parameters_of(found),
        stream=stream is True,
        include_usage=_include_usage(found.get("stream_options")),
        session=_session(found.get("metadata"), headers),
        timeout=_timeout(headers.get("x-tavernlink-timeout")),
        request_id=headers.get("idempotency-key"),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("invalid_json", f"The body is not valid JSON: {error}.") from None
    if not isinstance(found, dict):
        raise BadMessage("invalid_message", "The body must be a JSON object.")
    return found


def _include_usage(options: Any) -> bool:
    if options is None:
        return False
    if not isinstance(options, dict):
        raise _wrong("stream_options", "'stream_options' must be an object.")
    for name, value in options.items():
        # include_obfuscation pads chunks against eavesdroppers who count bytes; false asks for none.
        if not isinstance(value, bool | None) or (name != "include_usage" and value):
            raise refuse(f"stream_options.{name}", "only include_usage is known.")
    return options.get("include_usage") is True


def _session(metadata: Any, headers: Mapping[str, str]) -> str | None:
    header = _utf8(headers.get("x-tavernlink-session"))
    named = metadata.get("session") if isinstance(metadata, dict) else None
    if named is not None and (not isinstance(named, str) or not named):
        raise _wrong("metadata.session", "'metadata.session' must be a name.")
    if header and named and header != named:
        raise _wrong(
            "metadata.session",
            "X-Tavernlink-Session and metadata.session name different sessions.",
        )
    return header or named


def _utf8(header: str | None) -> str | None:
    """Headers are read as Latin-1; a name that a client wrote there as UTF-8 is meant as such."""
    if header is None:
        return None
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _timeout(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        return float(header)
    except ValueError:
        raise _wrong(
            "X-Tavernlink-Timeout", "The header X-Tavernlink-Timeout must be a number of seconds."
        ) from None


def _wrong(param: str, why: str) -> BadMessage:
    return BadMessage("invalid_message", why, {"param": param})
