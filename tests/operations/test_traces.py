"""Traces: one for each request, from the asker's own span to the final state."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tavernlink.runtime.tracing import Tracing
from tests.operations.conftest import OpenHub
from tests.transports.hub import House, Peer

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"

pytestmark = pytest.mark.timeout(180)


def traced(house: House) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    Tracing(house.runtime.core, provider)
    house.runtime.traced = True
    return exporter


def by_name(spans: Sequence[ReadableSpan]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


def ids(span: ReadableSpan) -> tuple[str, str | None]:
    """Trace, and the span above."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}", None if span.parent is None else f"{span.parent.span_id:016x}"


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


async def generated(tavern: Peer, *, ok: bool = True) -> None:
    """The tavern carries out one command."""
    request_id = (await tavern.next("command"))["request_id"]
    await tavern.send("stream.start", stream_id=request_id, kind="quiet", request_id=request_id)
    if ok:
        await tavern.send("stream.delta", stream_id=request_id, seq=0, text="secret text")
        await tavern.send("stream.end", stream_id=request_id, seq=1, text="secret text", reason="stop")
        await tavern.send("command.done", request_id=request_id, ok=True, result={"text": "secret text"})
    else:
        error = {"code": "no_backend", "message": "none"}
        await tavern.send("command.done", request_id=request_id, ok=False, error=error)


async def over(app: Peer) -> str:
    while (update := await app.next("request.update"))["state"] not in ("done", "failed", "cancelled"):
        pass
    return str(update["state"])


async def test_a_request_on_a_socket_is_one_trace_under_the_askers_span(open_hub: OpenHub) -> None:
    house = await open_hub()
    exporter = traced(house)
    async with house.peer("tavern", id="t-1") as tavern, house.peer("app") as app:
        await app.result(
            "generate", mode="quiet", prompt="secret prompt", request_id="mine", traceparent=TRACEPARENT
        )
        await generated(tavern)
        assert await over(app) == "done"
        again = await app.result(
            "generate",
            mode="quiet",
            prompt="secret prompt",
            request_id="mine",
            traceparent=TRACEPARENT[:-1] + "0",
        )
        assert again["request_id"] == "mine"  # the trace is no part of what is asked
    spans = by_name(exporter.get_finished_spans())
    assert set(spans) == {"request generate", "queued", "running", "prompt", "model", "first text"}
    root, running = spans["request generate"], spans["running"]
    assert ids(root) == (TRACE, PARENT)
    assert ids(spans["queued"]) == ids(running) == (TRACE, id_of(root))
    assert ids(spans["prompt"]) == ids(spans["model"]) == (TRACE, id_of(running))
    assert ids(spans["first text"]) == (TRACE, id_of(spans["model"]))
    assert spans["model"].attributes is not None
    assert spans["model"].attributes["tavernlink.finish_reason"] == "stop"
    assert root.attributes is not None
    assert root.attributes["tavernlink.request_id"] == "mine"
    assert root.attributes["tavernlink.tavern"] == "t-1"
    assert root.attributes["tavernlink.state"] == "done"
    assert "secret" not in "".join(span.to_json() for span in spans.values())
    assert (spans["prompt"].end_time or 0) <= (spans["model"].start_time or 0)
    times = [spans[name] for name in ("queued", "running", "prompt", "model", "first text")]
    assert all((span.start_time or 0) <= (span.end_time or 0) for span in times)


async def test_a_request_over_http_is_too_and_failures_say_so(open_hub: OpenHub) -> None:
    house = await open_hub()
    exporter = traced(house)
    headers = {"Authorization": f"Bearer {house.keys['app']}"}
    async with (
        house.peer("tavern", id="t-1") as tavern,
        httpx.AsyncClient(base_url=house.url, headers=headers, trust_env=False) as http,
    ):
        ask = {"mode": "quiet", "prompt": "Hello"}
        for traceparent in (TRACEPARENT, "nonsense"):
            asking = asyncio.create_task(
                http.post(
                    "/api/taverns/default/generate",
                    params={"wait": "true"},
                    json=ask,
                    headers={"traceparent": traceparent},
                )
            )
            await generated(tavern, ok=traceparent == "nonsense")
            answer = await asking
            assert answer.status_code == (200 if traceparent == "nonsense" else 503), answer.text
    roots = [span for span in exporter.get_finished_spans() if span.name == "request generate"]
    failed, done = roots
    assert ids(failed) == (TRACE, PARENT)
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "no_backend"
    assert ids(done)[0] != TRACE
    assert ids(done)[1] is None
    assert sum(span.name == "first text" for span in exporter.get_finished_spans()) == 1


async def test_one_that_never_ran_has_no_such_span(open_hub: OpenHub) -> None:
    house = await open_hub()
    exporter = traced(house)
    async with house.peer("tavern", id="t-1"), house.peer("app") as app:
        first = await app.result("generate", mode="quiet", prompt="Hello")
        second = await app.result("generate", mode="quiet", prompt="Hello")
        await app.result("request.cancel", request_id=second["request_id"])
        assert first["request_id"] != second["request_id"]
    spans = exporter.get_finished_spans()
    ended = next(span for span in spans if span.name == "request generate")
    assert ended.attributes is not None
    assert ended.attributes["tavernlink.state"] == "cancelled"
    assert not [span for span in spans if span.name == "running"]


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP collector on a free port."""
    got: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            if self.headers.get("content-encoding") == "gzip":
                import gzip  # noqa: PLC0415

                body = gzip.decompress(body)
            got.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


async def test_the_setting_sends_them_to_a_collector(
    open_hub: OpenHub, collector: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    address, got = collector
    house = await open_hub(otlp_endpoint=address)
    async with house.peer("tavern", id="t-1") as tavern, house.peer("app") as app:
        await app.result("generate", mode="quiet", prompt="Hello", traceparent=TRACEPARENT)
        await generated(tavern)
        assert await over(app) == "done"
    await house.server.stop()  # sends what is left
    spans = [
        span
        for each in got
        for resource in each.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {span.name for span in spans} == {
        "request generate",
        "queued",
        "running",
        "prompt",
        "model",
        "first text",
    }
    assert {span.trace_id.hex() for span in spans} == {TRACE}
