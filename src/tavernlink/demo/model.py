"""A stand-in for a language model: OpenAI-style, deterministic, with every failure on demand.

It repeats the last user message in its reply, so that a reply can be matched to its question, and obeys the
directives that `tavernlink.demo.directives` lists. It keeps the last 200 requests for tests to look at.

    GET    /v1/models              one model, `stand-in`
    POST   /v1/chat/completions    with `stream` and without
    POST   /v1/completions         the same for text completion
    GET    /debug/requests         {count, active, peak, requests: [{id, path, state, sent, body}]}, oldest first
    DELETE /debug/requests         forget them and start the counters again

    python -m tavernlink.demo.model --port 5001 --speed 150

A key is not asked for, unless one was set: then `Authorization: Bearer KEY` must carry it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, MutableMapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import msgspec

from tavernlink.demo.completions import Answer, error_object
from tavernlink.demo.directives import Plan, count_tokens, plan_completion, plan_reply
from tavernlink.demo.exchange import Pace, Receive, Reply, Send, bearer_of, disconnected, read_body
from tavernlink.demo.listener import Listener

__all__ = ["MODEL_ID", "Model", "RecordedRequest"]

MODEL_ID = "stand-in"
_DEFAULT_SPEED = 150.0
_KEPT = 200


@dataclass(slots=True)
class RecordedRequest:
    """One request as the model saw it."""

    id: int
    path: str
    body: dict[str, Any]
    state: str = "active"
    """`active`, then `done`, `error` (asked for by a directive) or `cancelled` (the client went away)."""
    sent: int = 0
    """Tokens sent so far, thoughts included."""


class _Cut(Exception):
    """The connection is to be dropped without an end."""


class Model:
    """The server, as an async context manager. `url` is what an OpenAI client takes as base URL."""

    def __init__(self, *, port: int = 0, speed: float = _DEFAULT_SPEED, key: str | None = None) -> None:
        self.speed = speed
        self.key = key
        self.requests: deque[RecordedRequest] = deque(maxlen=_KEPT)
        self.count = 0
        self.active = 0
        self.peak = 0
        self._listener = Listener(self, port=port)
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        """Base address, with `/v1`."""
        return f"http://127.0.0.1:{self._listener.port}/v1"

    def forget(self) -> None:
        """Drop what was recorded and start the counters again."""
        self.requests.clear()
        self.count = 0
        self.peak = self.active

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; it is looked at after each change of a request. Bound it with a timeout."""
        while not condition():
            await self._changed.wait()

    def _change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.stop()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one HTTP request (ASGI)."""
        if scope["type"] != "http":
            return
        reply = Reply(send)
        route = (scope["method"], scope["path"].rstrip("/"))
        if self.key and route[1].startswith("/v1/") and bearer_of(scope) != self.key:
            await reply.json(401, error_object(401, "Incorrect API key provided."))
        elif route == ("GET", "/v1/models"):
            model = {"id": MODEL_ID, "object": "model", "created": 0, "owned_by": "tavernlink"}
            await reply.json(200, {"object": "list", "data": [model]})
        elif route == ("GET", "/debug/requests"):
            await reply.json(200, self._debug())
        elif route == ("DELETE", "/debug/requests"):
            self.forget()
            await reply.json(200, self._debug())
        elif route in {("POST", "/v1/chat/completions"), ("POST", "/v1/completions")}:
            await self._complete(route[1], await read_body(receive), receive, reply)
        else:
            await reply.json(404, error_object(404, f"There is nothing at {route[0]} {route[1]}."))

    def _debug(self) -> dict[str, Any]:
        requests = [asdict(request) for request in self.requests]
        return {"count": self.count, "active": self.active, "peak": self.peak, "requests": requests}

    async def _complete(self, path: str, raw: bytes, receive: Receive, reply: Reply) -> None:
        try:
            body = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError:
            await reply.json(400, error_object(400, "The body is not a JSON object."))
            return
        self.count += 1
        record = RecordedRequest(self.count, path, body)
        self.requests.append(record)
        chat = path.endswith("/chat/completions")
        prompt = body.get("messages") or () if chat else [{"content": body.get("prompt")}]
        plan = plan_reply(body) if chat else plan_completion(body)
        answer = Answer(
            plan=plan,
            ident=f"{'chatcmpl' if chat else 'cmpl'}-{record.id}",
            model=str(body.get("model") or MODEL_ID),
            prompt_tokens=count_tokens(prompt),
            chat=chat,
        )
        self.active += 1
        self.peak = max(self.peak, self.active)
        self._change()
        work = asyncio.create_task(self._answer(answer, record, reply))
        gone = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                record.state = "cancelled"
                return
            await work
            record.state = "error" if plan.error else "done"
        except asyncio.CancelledError:
            record.state = "cancelled"
            raise
        except _Cut:
            record.state = "error"
            raise
        finally:
            self.active -= 1
            self._change()
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _answer(self, answer: Answer, record: RecordedRequest, reply: Reply) -> None:
        plan = answer.plan
        if plan.error and plan.error.isdecimal():
            status = min(max(int(plan.error), 400), 599)
            headers = [(b"retry-after", b"1")] if status in {429, 503} else []
            await reply.json(status, error_object(status, "The stand-in model was told to fail."), headers)
        elif record.body.get("stream"):
            await self._stream(answer, record, reply)
        else:
            pace = self._pace(plan)
            for _ in [*plan.reasoning, *plan.tokens]:
                if plan.hang_after is not None and record.sent >= plan.hang_after:
                    await asyncio.Event().wait()
                await pace.next_token()
                record.sent += 1
            if plan.error == "cut":
                raise _Cut
            if plan.error:
                await reply.json(500, error_object(500, "The stand-in model was told to fail half way."))
                return
            await reply.json(200, answer.whole())

    async def _stream(self, answer: Answer, record: RecordedRequest, reply: Reply) -> None:
        plan = answer.plan
        if plan.hang_after == 0:
            await asyncio.Event().wait()
        await reply.start_stream()
        for chunk in answer.opening():
            await reply.event(chunk)
        fail_at = (len(plan.reasoning) + len(plan.tokens)) // 2 if plan.error else None
        pace = self._pace(plan)
        for chunk in answer.deltas():
            if plan.hang_after is not None and record.sent >= plan.hang_after:
                await asyncio.Event().wait()
            if fail_at is not None and record.sent >= fail_at:
                break
            await pace.next_token()
            await reply.event(chunk)
            record.sent += 1
            self._change()
        if plan.error == "cut":
            raise _Cut
        if plan.error:
            await reply.event(error_object(500, "The stand-in model was told to fail half way."))
        else:
            with_usage = bool((record.body.get("stream_options") or {}).get("include_usage"))
            for chunk in answer.closing(with_usage=with_usage):
                await reply.event(chunk)
        await reply.end_stream()

    def _pace(self, plan: Plan) -> Pace:
        return Pace(self.speed if plan.speed is None else plan.speed, plan.delay)


async def _serve(port: int, speed: float, key: str | None) -> None:
    async with Model(port=port, speed=speed, key=key) as model:
        print(model.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tavernlink.demo.model", description="A stand-in language model."
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    parser.add_argument(
        "--speed", type=float, default=_DEFAULT_SPEED, help="tokens per second (%(default)s); 0: no limit"
    )
    parser.add_argument("--key", help="the API key to ask for")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.port, options.speed, options.key))


if __name__ == "__main__":
    main()
