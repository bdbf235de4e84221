"""OpenTelemetry: one trace for each request, from the moment it was asked until its final state.

    request            asked … final state; child of the asker's own span where it sent a `traceparent`
      ├── queued       waits for its turn
      └── running      from the command to the tavern until its outcome
            ├── prompt     SillyTavern builds it; the line to the tavern is in it
            ├── model      from the prompt's going out to the end of the stream; one for each round of a turn with tools
            │     └── first text
            └── …

A watcher only: it reads what happens to requests (`Work.moved`, `Work.ended`; `Relay.began`, `spoke`, `replied`) and
never what they say.
Needs `pip install "tavernlink[otel]"`; without a setting nothing of it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tavernlink.config import SettingsError
from tavernlink.runtime.trace_context import TRACEPARENT
from tavernlink.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

    from tavernlink.core.hub import Hub
    from tavernlink.core.peers.peer import Tavern
    from tavernlink.core.relay.streams import Stream
    from tavernlink.core.work.requests import Request
    from tavernlink.protocol.streams import StreamEnd

__all__ = ["Tracing", "open_tracing"]

_MOST = 10_000  # open requests that are followed
_SECONDS = 3  # that the last spans have to get out when the hub stops


class _Trace:
    """The open spans of one request."""

    __slots__ = ("first", "part", "request", "step")

    def __init__(self, request: Span) -> None:
        self.request = request
        self.step: Span | None = None
        self.part: Span | None = None
        """Of the step: `prompt`, `model`."""
        self.first: Span | None = None

    def end_part(self) -> None:
        self.first = None  # there was no text: a span of it would tell of one
        if self.part is not None:
            self.part.end()
            self.part = None

    def end_step(self) -> None:
        self.end_part()
        if self.step is not None:
            self.step.end()
            self.step = None


class Tracing:
    """Follows the requests of one hub."""

    def __init__(self, hub: Hub, provider: TracerProvider) -> None:
        from opentelemetry import trace  # noqa: PLC0415 (an extra)
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
            TraceContextTextMapPropagator,
        )

        self._api = trace
        self._extract = TraceContextTextMapPropagator().extract
        self._provider = provider
        self._tracer = provider.get_tracer("tavernlink", __version__)
        self._open: dict[str, _Trace] = {}
        hub.work.moved.append(self._moved)
        hub.work.ended.append(self._ended)
        hub.relay.began.append(self._began)
        hub.relay.spoke.append(self._spoke)
        hub.relay.replied.append(self._replied)

    def close(self) -> None:
        """Send what is finished; blocks for a few seconds where nobody takes it."""
        self._provider.force_flush(_SECONDS * 1_000)
        self._provider.shutdown()

    def _moved(self, request: Request) -> None:
        trace = self._open.get(request.wire_id)
        if trace is None:
            if len(self._open) >= _MOST:
                return
            trace = self._open[request.wire_id] = _Trace(self._begin(request))
        trace.end_step()
        trace.request.set_attribute("tavernlink.tavern", request.tavern_id)
        trace.step = self._child(trace.request, request.state)
        if request.state == "running":
            trace.step.set_attribute("tavernlink.tavern", request.tavern_id)
            trace.part = self._child(trace.step, "prompt")

    def _began(self, request: Request) -> None:
        trace = self._open.get(request.wire_id)
        if trace is not None and trace.step is not None:
            trace.end_part()
            trace.part = self._child(trace.step, "model")
            trace.first = self._child(trace.part, "first text")

    def _spoke(self, request: Request) -> None:
        trace = self._open.get(request.wire_id)
        if trace is not None and trace.first is not None:
            trace.first.end()
            trace.first = None

    def _replied(self, tavern: Tavern, stream: Stream, end: StreamEnd) -> None:
        trace = self._open.get(stream.request.wire_id) if stream.request is not None else None
        if trace is not None and trace.part is not None:
            trace.part.set_attribute("tavernlink.finish_reason", end.reason)
            trace.end_part()

    def _ended(self, request: Request) -> None:
        trace = self._open.pop(request.wire_id, None)
        if trace is None:
            return
        span = trace.request
        span.set_attribute("tavernlink.state", request.state)
        if request.error is not None:
            span.set_attribute("error.type", request.error.code)
            if request.state == "failed":
                status = self._api.Status(self._api.StatusCode.ERROR, request.error.code)
                span.set_status(status)
                if trace.step is not None:
                    trace.step.set_status(status)
        trace.end_step()
        span.end()

    def _begin(self, request: Request) -> Span:
        told = TRACEPARENT.get()
        parent = self._extract({"traceparent": told}) if told else None
        attributes: dict[str, Any] = {
            "tavernlink.request_id": request.request_id,
            "tavernlink.command": request.command,
            "tavernlink.lane": request.lane,
            "tavernlink.key": request.key_id,
        }
        return self._tracer.start_span(
            f"request {request.command}",
            # Without a parent of its own it is a root: never a child of whatever span the process may have open.
            context=parent or self._api.set_span_in_context(self._api.INVALID_SPAN),
            kind=self._api.SpanKind.SERVER,
            attributes=attributes,
        )

    def _child(self, parent: Span, name: str) -> Span:
        return self._tracer.start_span(name, context=self._api.set_span_in_context(parent))


def open_tracing(hub: Hub, endpoint: str) -> Tracing:
    """Send the traces of a hub to an OTLP collector (HTTP). Raises `SettingsError` where the extra is missing."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise SettingsError(
            '`otlp_endpoint` needs OpenTelemetry. Install it with `pip install "tavernlink[otel]"`, or unset it.'
        ) from None
    resource = Resource.create({"service.name": "tavernlink", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(hub, provider)
