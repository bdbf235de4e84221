"""Traffic: who talked to whom since the last look, added up per edge.

Whoever brings messages somewhere calls `add` with the receivers as one sequence; what is given again as the same
object costs one dictionary look-up, however many receivers there are. The edges themselves are made when they are told,
and only for as many receivers as a person can tell apart. Nothing is added while nobody looks (`on`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.peers.session import Session
from tavernlink.protocol.stats import TrafficEdge, TrafficFlowed, TrafficPeer

__all__ = ["HUB", "MANY", "Traffic", "peer_of"]

HUB = TrafficPeer(id="hub", kind="hub", name="hub")
MANY = "*"
"""Target of what goes to more receivers than are told apart."""

_APART = 32  # receivers of one message that get edges of their own
_EDGES = 200  # told at once
_HEAPS = 20_000  # (source, receivers, kind) between two looks


class _Heap:
    """Messages of one source and kind to the same receivers."""

    __slots__ = ("count", "kind", "receivers", "source")

    def __init__(self, source: TrafficPeer, receivers: Sequence[Session | TrafficPeer], kind: str) -> None:
        self.source = source
        self.receivers = receivers  # held, so that its id stays its own
        self.kind = kind
        self.count = 0


class Traffic:
    """What flowed since `take` was last called."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.on = False
        """Somebody looks. Whoever brings messages asks this first."""
        self.added = 0
        """How often `add` was called."""
        self._heaps: dict[tuple[str, int, str], _Heap] = {}

    def watch(self, *, on: bool) -> None:
        """Begin to add up, or stop and forget."""
        self.on = on
        self._heaps.clear()

    def add(self, source: Peer | TrafficPeer, receivers: Sequence[Session | TrafficPeer], kind: str) -> None:
        """One message went from here to there. `receivers` must not change afterwards."""
        if not receivers:
            return
        self.added += 1
        key = (source.id, id(receivers), kind)
        heap = self._heaps.get(key)
        if heap is None:
            if len(self._heaps) >= _HEAPS:
                return
            end = source if isinstance(source, TrafficPeer) else peer_of(source)
            heap = self._heaps[key] = _Heap(end, receivers, kind)
        heap.count += 1

    def take(self, seconds: float) -> TrafficFlowed | None:
        """What flowed, or None; forgets it."""
        if not self._heaps:
            return None
        heaps, self._heaps = self._heaps, {}
        edges: dict[tuple[str, str], Counter[str]] = {}
        ends: dict[str, TrafficPeer] = {}
        for heap in heaps.values():
            ends[heap.source.id] = heap.source
            for target in self._targets(heap):
                if target is not None:
                    ends[target.id] = target
                kinds = edges.setdefault((heap.source.id, MANY if target is None else target.id), Counter())
                kinds[heap.kind] += heap.count
        found = [
            TrafficEdge(source=source, target=target, count=kinds.total(), kinds=dict(kinds))
            for (source, target), kinds in edges.items()
            if source != target
        ]
        found.sort(key=lambda edge: edge.count, reverse=True)
        told = found[:_EDGES]
        wanted = {name for edge in told for name in (edge.source, edge.target)}
        return TrafficFlowed(
            seconds=round(seconds, 3),
            edges=told,
            peers=[end for end in ends.values() if end.id in wanted],
            left_out=sum(edge.count for edge in found[_EDGES:]),
        )

    def _targets(self, heap: _Heap) -> list[TrafficPeer | None]:
        if len(heap.receivers) > _APART:
            return [None]
        found: list[TrafficPeer | None] = []
        for receiver in heap.receivers:
            if isinstance(receiver, TrafficPeer):
                found.append(receiver)
                continue
            peer = self._directory.peer_of(receiver)
            if peer is not None and not peer.is_local:
                found.append(peer_of(peer))
        return found


def peer_of(peer: Peer) -> TrafficPeer:
    """Return a peer as an end of edges. What calls by REST is a new app each time: those of one key are one."""
    if isinstance(peer, Tavern):
        return TrafficPeer(id=peer.id, kind="tavern", name=peer.name)
    if not peer.session.bounds.kept:
        return TrafficPeer(id=f"key:{peer.key.id}", kind="app", name=peer.key.name)
    return TrafficPeer(id=peer.id, kind="app", name=peer.name)
