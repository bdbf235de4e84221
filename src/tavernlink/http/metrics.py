"""`/metrics`: what the hub is doing, in Prometheus' text format. Everything is looked up when somebody asks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from tavernlink.core.peers.peer import Tavern
from tavernlink.runtime.counts import Histogram
from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.runtime.hub import Runtime

__all__ = ["PATH", "metrics_route"]

PATH = "/metrics"


def metrics_route(runtime: Runtime) -> HTTPRouteHandler:
    """Return the route."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_HubCollector(runtime))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)

    @route(PATH, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
    async def show_metrics() -> Response[bytes]:
        """For admins and, by setting, for this machine."""
        return Response(
            generate_latest(registry),
            media_type=CONTENT_TYPE_LATEST,
            headers={"cache-control": "no-store"},
        )

    return show_metrics


class _HubCollector(Collector):
    """Reads the hub's own state and its counters."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._began = time.time()

    def collect(self) -> Iterator[Metric]:
        """Yield every figure of the hub."""
        info = GaugeMetricFamily("tavernlink_info", "1, with the hub's version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield GaugeMetricFamily(
            "tavernlink_start_time_seconds", "When the hub started, seconds since 1970.", self._began
        )
        yield GaugeMetricFamily(
            "tavernlink_loop_lag_seconds",
            "How late the event loop was at the last tick.",
            self._runtime.counts.lag,
        )
        yield GaugeMetricFamily(
            "tavernlink_ready",
            "1 while time passes and the store keeps what it is given.",
            self._runtime.ready,
        )
        yield CounterMetricFamily(
            "tavernlink_store_writes", "Records that were put or removed.", self._runtime.core.puts
        )
        yield from self._peers()
        yield from self._requests()
        yield from self._doors()
        yield from self._failures()

    def _peers(self) -> Iterator[Metric]:
        core = self._runtime.core
        taverns = GaugeMetricFamily("tavernlink_taverns", "Taverns that are known.", labels=["state"])
        queued = GaugeMetricFamily("tavernlink_queue_length", "Requests that wait.", labels=["tavern"])
        running = GaugeMetricFamily("tavernlink_running", "Requests that run.", labels=["tavern"])
        known = list(core.directory.taverns.values())
        online = sum(tavern.online for tavern in known)
        taverns.add_metric(["online"], online)
        taverns.add_metric(["away"], len(known) - online)
        for tavern in known:
            queued.add_metric([tavern.id], tavern.lanes.waiting)
            running.add_metric([tavern.id], tavern.lanes.running)
        yield from (taverns, queued, running)
        yield GaugeMetricFamily(
            "tavernlink_streams", "Running streams.", sum(len(tavern.streams) for tavern in known)
        )
        sessions: Counter[tuple[str, str]] = Counter()
        held = backlog = 0
        for peer in core.directory.sessions.values():
            if peer.is_local:
                continue
            kind = "tavern" if isinstance(peer, Tavern) else "app"
            sessions[kind, "online" if peer.session.link is not None else "away"] += 1
            held += peer.session.size
            backlog += peer.session.total - peer.session.sent
        found = GaugeMetricFamily("tavernlink_sessions", "Sessions of peers.", labels=["kind", "state"])
        for kind in ("app", "tavern"):
            for state in ("online", "away"):
                found.add_metric([kind, state], sessions[kind, state])
        yield found
        yield GaugeMetricFamily("tavernlink_held_bytes", "Bytes held for replay and for slow readers.", held)
        yield GaugeMetricFamily(
            "tavernlink_unsent_events", "Events that wait for slow or absent readers.", backlog
        )
        connects = CounterMetricFamily(
            "tavernlink_connects", "Connects, by how the session went on.", labels=["kind"]
        )
        for kind in ("new", "resumed", "resync"):
            connects.add_metric([kind], self._runtime.counts.connects[kind])
        yield connects

    def _requests(self) -> Iterator[Metric]:
        counts = self._runtime.counts
        states = Counter(request.state for request in self._runtime.core.work.book.open())
        open_ = GaugeMetricFamily("tavernlink_requests", "Requests that are not over.", labels=["state"])
        for state in ("queued", "running"):
            open_.add_metric([state], states[state])
        yield open_
        finished = CounterMetricFamily(
            "tavernlink_requests_finished",
            "Requests by final state and error code.",
            labels=["state", "code"],
        )
        for (state, code), count in sorted(counts.finished.items()):
            finished.add_metric([state, code], count)
        yield finished
        yield _histogram("tavernlink_request_wait_seconds", "How long requests waited.", counts.queued)
        yield _histogram("tavernlink_request_run_seconds", "How long requests ran.", counts.ran)

    def _doors(self) -> Iterator[Metric]:
        counts = self._runtime.counts
        messages = CounterMetricFamily(
            "tavernlink_messages",
            "WebSocket messages, or HTTP requests and answers, by door.",
            labels=["door", "direction"],
        )
        volume = CounterMetricFamily(
            "tavernlink_bytes", "Their bytes without headers.", labels=["door", "direction"]
        )
        for door, traffic in counts.doors():
            messages.add_metric([door, "in"], traffic.messages_in)
            messages.add_metric([door, "out"], traffic.messages_out)
            volume.add_metric([door, "in"], traffic.bytes_in)
            volume.add_metric([door, "out"], traffic.bytes_out)
        yield from (messages, volume)
        answers = CounterMetricFamily(
            "tavernlink_http_answers", "HTTP answers by status.", labels=["door", "status"]
        )
        for (door, status), count in sorted(counts.answers.items()):
            answers.add_metric([door, str(status)], count)
        yield answers
        yield _histogram(
            "tavernlink_delivery_seconds",
            "From a message's arrival until it was handed to every receiver's line; every 32nd message.",
            counts.delivery,
        )

    def _failures(self) -> Iterator[Metric]:
        errors = CounterMetricFamily(
            "tavernlink_errors", "Refused messages, connects and HTTP requests, by code.", labels=["code"]
        )
        for code, count in sorted(self._runtime.counts.errors.items()):
            errors.add_metric([code], count)
        yield errors


def _histogram(name: str, help_: str, histogram: Histogram) -> Metric:
    found = HistogramMetricFamily(name, help_)
    found.add_metric([], buckets=histogram.cumulative(), sum_value=histogram.sum)
    return found
