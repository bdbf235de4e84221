"""Calls of functions: 10,000 with 50 in flight, beside a bare Socket.IO ack and beside Node relaying the same call.

| exchange | messages |
|---|---|
| bare ack | caller → server → caller |
| relayed by Node | caller → server → provider → server → caller, as two acks: no check, no limit, no replay |
| function call | the same way round through the hub; the result is an event of the caller's session |
| function call, `wait` | the result is the ack |
| hub function | Python inside the hub: caller → hub → caller |

All run in turn, in slices, so that other work on the machine hits them alike. Every answer is checked: the right one,
once.
"""

from __future__ import annotations

import json
import select
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.expected import WrongDelivery
from benchmarks.frames import masked, parse
from benchmarks.line import TIMEOUT, Line
from benchmarks.machine import Cores
from benchmarks.servers import HubServer, NodeServer, Server

__all__ = ["CallFigures", "Calls"]

_CALLS = 10_000
_IN_FLIGHT = 50
_SLICES = 10
_CONFIRM = 64
_TEXT = "the quick brown fox"
_FUNCTION = '''
import tavernlink

@tavernlink.function
async def echo(n: int, text: str) -> dict[str, int | str]:
    """Return the arguments."""
    return {"n": n, "text": text}
'''
_PARAMETERS = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "text": {"type": "string"}},
    "required": ["n", "text"],
    "additionalProperties": False,
}


@dataclass(slots=True)
class CallFigures:
    """One kind of exchange over the whole run."""

    title: str
    seconds: float = 0.0
    cpu: int = 0
    """Nanoseconds of the server's process."""
    took: list[float] = field(default_factory=list)
    """Milliseconds of each call."""

    @property
    def per_second(self) -> float:
        """Calls per second."""
        return len(self.took) / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds of the server's process for each call."""
        return self.cpu / len(self.took) / 1_000

    def at(self, share: float) -> float:
        """The latency that this share of the calls had at most, in milliseconds."""
        return statistics.quantiles(self.took, n=1_000, method="inclusive")[int(share * 1_000) - 1]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one exchange looks on the wire."""

    title: str
    server: Server
    ask: Callable[[int], bytes]
    """Number → what the caller sends."""
    answered: Callable[[bytes], tuple[int, object] | None]
    """Packet → number and result, or None: not an answer."""
    serve: Callable[[bytes], bytes | None]
    """Packet → what the provider answers, or None: nothing."""
    confirms: bool = False


class _Pair:
    """A caller and a provider on one server."""

    def __init__(self, server: Server) -> None:
        self.caller = Line(server.port, server.auth("app", "caller"))
        self.provider = Line(server.port, server.auth("app", "provider"))
        if server.welcomes:
            self.caller.wait_event("welcome")
            self.provider.wait_event("welcome")
            spec = {"name": "relay", "parameters": _PARAMETERS, "concurrency": _IN_FLIGHT}
            self.provider.ask("function.register", {"functions": [spec]})
        else:
            self.provider.ask("provide", {})
        for line in (self.caller, self.provider):
            line.socket.setblocking(False)
        self._poll = select.epoll()
        for line in (self.caller, self.provider):
            self._poll.register(line.fileno(), select.EPOLLIN)
        self._rest = {self.caller.fileno(): bytearray(), self.provider.fileno(): bytearray()}
        self._heard = dict.fromkeys(self._rest, 0)
        self._events = dict.fromkeys(self._rest, 0)

    def run(self, kind: _Kind, first: int, calls: int, figures: CallFigures) -> None:
        """Make calls with `_IN_FLIGHT` open until all have their answers."""
        begun: dict[int, int] = {}
        waiting = iter(range(first, first + calls))
        left = calls
        cpu, started = kind.server.cpu(), time.perf_counter_ns()
        deadline = time.monotonic() + TIMEOUT + calls / 200
        for number in [next(waiting) for _ in range(min(_IN_FLIGHT, calls))]:
            begun[number] = time.perf_counter_ns()
            self._write(self.caller, kind.ask(number))
        while left:
            if time.monotonic() > deadline:
                raise WrongDelivery(f"{kind.title}: {left} calls have no answer")
            for packet in self._packets(self.provider, kind):
                answer = kind.serve(packet)
                if answer is not None:
                    self._write(self.provider, answer)
            for packet in self._packets(self.caller, kind):
                found = kind.answered(packet)
                if found is None:
                    continue
                number, result = found
                sent = begun.pop(number, None)
                if sent is None or result not in (None, {"n": number, "text": _TEXT}):
                    raise WrongDelivery(f"{kind.title}: call {number} was answered wrongly: {result!r}")
                figures.took.append((time.perf_counter_ns() - sent) / 1e6)
                left -= 1
                after = next(waiting, None)
                if after is not None:
                    begun[after] = time.perf_counter_ns()
                    self._write(self.caller, kind.ask(after))
            if left:
                self._poll.poll(1.0)
        figures.seconds += (time.perf_counter_ns() - started) / 1e9
        figures.cpu += kind.server.cpu() - cpu

    def close(self) -> None:
        """Drop the connections."""
        self._poll.close()
        self.caller.close()
        self.provider.close()

    @staticmethod
    def _write(line: Line, packet: bytes) -> None:
        line.socket.setblocking(True)
        line.socket.sendall(masked(packet))
        line.socket.setblocking(False)

    def _packets(self, line: Line, kind: _Kind) -> Iterator[bytes]:
        """What has arrived; a peer of the hub says now and then how far it is, as real ones do."""
        try:
            chunk = line.socket.recv(262_144)
        except BlockingIOError:
            return
        if not chunk:
            raise ConnectionError("the server closed the connection")
        rest, end, packets = self._rest[line.fileno()], 0, []
        rest += chunk
        for opcode, payload, end in parse(rest):  # noqa: B007 (the last one's end)
            if not line.answers_heartbeat(opcode, payload):
                packets.append(payload)
        del rest[:end]
        if kind.server.welcomes:
            self._events[line.fileno()] += sum(
                packet.startswith(b"42[") and not packet.startswith(b'42["confirm"') for packet in packets
            )
            if self._events[line.fileno()] - self._heard[line.fileno()] >= _CONFIRM:
                self._heard[line.fileno()] = self._events[line.fileno()]
                self._write(line, _packet("confirm", {"count": self._heard[line.fileno()]}))
        yield from packets


class Calls:
    """The measurements. Results are in `figures`."""

    def __init__(
        self, cores: Cores, *, data: Path, peer: Path, scale: float, say: Callable[[str], None]
    ) -> None:
        self._cores = cores
        self._data = data
        self._peer = peer
        self._say = say
        self.calls = max(_IN_FLIGHT * _SLICES, int(_CALLS * scale))
        self.in_flight = _IN_FLIGHT
        self.figures: list[CallFigures] = []

    def measure(self) -> None:
        """Run everything."""
        self._say(f"{self.calls} calls of functions, {_IN_FLIGHT} in flight …")
        with self._servers() as (hub, node):
            kinds = _kinds(hub, node)
            pairs = {server: _Pair(server) for server in (hub, node)}
            self.figures = [CallFigures(kind.title) for kind in kinds]
            each, number = self.calls // _SLICES, 1
            for kind in kinds:  # Node compiles what it finds hot: give it time, uncounted
                pairs[kind.server].run(kind, number, each, CallFigures(kind.title))
                number += each
            for part in range(_SLICES):
                order = list(zip(kinds, self.figures, strict=True))
                for kind, figures in order if part % 2 else reversed(order):
                    pairs[kind.server].run(kind, number, each, figures)
                    number += each
            for pair in pairs.values():
                pair.close()
        for figures in self.figures:
            self._say(
                f"{figures.title}: {figures.per_second:,.0f} calls/s, p50 {figures.at(0.5):.2f} ms, "
                f"p99 {figures.at(0.99):.2f} ms, {figures.cpu_each:.1f} µs of CPU each"
            )

    @contextmanager
    def _servers(self) -> Iterator[tuple[Server, Server]]:
        folder = self._data / "functions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "echo.py").write_text(_FUNCTION, encoding="utf-8")
        # One program is to ask as often as the machine can; the usual limit is 200 messages a second.
        hub: Server = HubServer(self._cores, self._data, {"TAVERNLINK_APP_RATE": "10000000"})
        try:
            node: Server = NodeServer(self._cores, self._peer)
            try:
                yield hub, node
            finally:
                node.stop()
        finally:
            hub.stop()
            (folder / "echo.py").unlink()


def _kinds(hub: Server, node: Server) -> list[_Kind]:
    def call(name: str, *, wait: bool) -> Callable[[int], bytes]:
        more = {"wait": True} if wait else {}

        def ask(number: int) -> bytes:
            content = {"name": name, "args": _arguments(number), "call_id": f"c-{number}", **more}
            return _packet("function.call", content, number)

        return ask

    def bare(name: str) -> Callable[[int], bytes]:
        return lambda number: _packet(name, {"count": 0}, number)

    return [
        _Kind("bare ack, Node", node, bare("bare"), _bare_ack, _nothing),
        _Kind("bare ack, hub", hub, bare("confirm"), _bare_ack, _nothing),
        _Kind(
            "app to app, relayed by Node",
            node,
            lambda number: _packet("call", _arguments(number), number),
            _relayed,
            _serve_node,
        ),
        _Kind("app to app, function call", hub, call("relay", wait=False), _result, _serve_hub),
        _Kind("app to app, function call, `wait`", hub, call("relay", wait=True), _waited, _serve_hub),
        _Kind("hub function", hub, call("echo", wait=False), _result, _nothing),
        _Kind("hub function, `wait`", hub, call("echo", wait=True), _waited, _nothing),
    ]


def _arguments(number: int) -> dict[str, object]:
    return {"n": number, "text": _TEXT}


def _packet(name: str, content: object, ack: int | None = None) -> bytes:
    start = b"42" if ack is None else b"42%d" % ack
    return start + json.dumps([name, content], separators=(",", ":")).encode()


def _ack(packet: bytes) -> tuple[int, dict[str, object]] | None:
    """Return an ack's number and its outcome."""
    if not packet.startswith(b"43"):
        return None
    at = packet.index(b"[")
    (outcome,) = json.loads(packet[at:])
    if not outcome["ok"]:
        raise WrongDelivery(f"a call was refused: {outcome['error']}")
    return int(packet[2:at]), outcome


def _bare_ack(packet: bytes) -> tuple[int, object] | None:
    found = _ack(packet)
    return None if found is None else (found[0], None)


def _relayed(packet: bytes) -> tuple[int, object] | None:
    found = _ack(packet)
    return None if found is None else (found[0], found[1]["result"])


def _waited(packet: bytes) -> tuple[int, object] | None:
    found = _ack(packet)
    if found is None:
        return None
    accepted = found[1]["result"]
    return found[0], accepted["result"] if isinstance(accepted, dict) else accepted


def _result(packet: bytes) -> tuple[int, object] | None:
    if not packet.startswith(b'42["function.result"'):
        _ack(packet)  # raises for a refusal
        return None
    _, content = json.loads(packet[2:])
    if not content["ok"]:
        raise WrongDelivery(f"a call failed: {content['error']}")
    return int(content["call_id"][2:]), content["result"]


def _serve_hub(packet: bytes) -> bytes | None:
    if not packet.startswith(b'42["function.invoke"'):
        return None
    _, content = json.loads(packet[2:])
    done = {"call_id": content["call_id"], "ok": True, "result": content["args"]}
    return _packet("function.done", done)


def _serve_node(packet: bytes) -> bytes | None:
    if not packet.startswith(b"42") or packet[2:3] == b"[":
        return None
    at = packet.index(b"[")
    _, content = json.loads(packet[at:])
    return b"43" + packet[2:at] + json.dumps([content], separators=(",", ":")).encode()


def _nothing(_: bytes) -> bytes | None:
    return None
