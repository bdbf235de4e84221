"""What peers say about functions: one small method for each message type, and the tables that name them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from tavernlink.core.functions.call import Asker, Call
from tavernlink.core.functions.calls import Calls, fingerprint
from tavernlink.core.functions.provider import PeerProvider
from tavernlink.core.peers.peer import App, Peer
from tavernlink.errors import NotFound
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import (
    CallAccepted,
    Caller,
    CallerKind,
    FunctionCall,
    FunctionCancel,
    FunctionDone,
    FunctionList,
    FunctionProgress,
    FunctionRegister,
    FunctionResult,
    FunctionUnregister,
)
from tavernlink.protocol.outcome import ErrorInfo, Failure, Success

if TYPE_CHECKING:
    from tavernlink.core.functions.functions import Functions
    from tavernlink.core.messages.handlers import Asked, Published
    from tavernlink.core.seams import Ack

__all__ = ["FunctionMessages"]


class FunctionMessages:
    """Handlers. `published` is what taverns tell without waiting for an answer; they keep it until it is counted."""

    def __init__(self, functions: Functions, calls: Calls) -> None:
        self._functions = functions
        self._calls = calls
        self.handlers: Mapping[str, Asked] = {
            "function.register": self._register,
            "function.unregister": self._unregister,
            "function.list": self._list,
            "function.call": self._call,
            "function.cancel": self._cancel,
            "function.done": self._done_asked,
            "function.progress": self._progress_asked,
        }
        self.published: Mapping[str, Published] = {
            "function.done": self._done,
            "function.progress": self._progress,
        }

    def _register(self, peer: Peer, message: FunctionRegister, ack: Ack) -> None:
        ack(Success(result=self._functions.register(peer, message.functions)))

    def _unregister(self, peer: Peer, message: FunctionUnregister, ack: Ack) -> None:
        ack(Success(result={"removed": self._functions.unregister(peer, message.names)}))

    def _list(self, peer: Peer, message: FunctionList, ack: Ack) -> None:
        ack(Success(result=self._functions.listed(peer.key, message)))

    # Calling

    def _call(self, peer: Peer, message: FunctionCall, ack: Ack) -> None:
        asker = asker_of(peer)
        args = encode_json(message.args)
        asked = fingerprint(message.name, message.provider, args) if message.call_id else b""
        if message.call_id:
            before = self._calls.repeated(asker, message.call_id, asked)
            if before is not None:
                self._join(before, peer, message, ack)
                return
        if message.again:
            raise NotFound("unknown_call", details={"call_id": message.call_id})
        function = self._functions.find(message.name, message.provider, peer.key, peer)
        call = self._calls.take(
            asker,
            function,
            message.args,
            size=len(args),
            call_id=message.call_id,
            asked=asked,
            timeout=message.timeout,
            parent=message.parent,
        )
        if message.wait:
            call.ends.append((peer.session, partial(_answer, call, ack)))
        else:
            call.watchers = (peer.session,)
            ack(Success(result=_accepted(call)))
        self._calls.go(call)

    @staticmethod
    def _join(call: Call, peer: Peer, message: FunctionCall, ack: Ack) -> None:
        """Answer a call that was made before: the same one, not another."""
        if message.wait:
            if call.outcome is not None:
                _answer(call, ack, call.outcome)
            else:
                call.ends.append((peer.session, partial(_answer, call, ack)))
            return
        ack(Success(result=_accepted(call)))
        if peer.session not in call.watchers:
            call.watchers = (*call.watchers, peer.session)
            if call.outcome is not None:
                peer.session.deliver(Event("function.result", call.outcome))

    def _cancel(self, peer: Peer, message: FunctionCancel, ack: Ack) -> None:
        call = self._calls.carried_out(message.call_id) if "admin" in peer.key.held else None
        call = call or self._calls.asked_for(peer.key.id, message.call_id)
        if call.state != "done":
            self._calls.cancel(call)
        ack(Success(result={"state": call.state}))

    # Carrying out

    def _done_asked(self, peer: Peer, message: FunctionDone, ack: Ack) -> None:
        self._done(peer, message)
        ack(Success())

    def _done(self, peer: Peer, message: FunctionDone) -> None:
        call = self._carried_out_by(peer, message.call_id)
        if call is None:
            return
        peer.rate.refund()  # the hub asked for it
        error = None if message.ok else message.error or ErrorInfo(code="function_failed", message=_NO_REASON)
        self._calls.provider_said(call, message.result, error)

    def _progress_asked(self, peer: Peer, message: FunctionProgress, ack: Ack) -> None:
        self._progress(peer, message)
        ack(Success())

    def _progress(self, peer: Peer, message: FunctionProgress) -> None:
        call = self._carried_out_by(peer, message.call_id)
        if call is not None:
            call.tell(message.progress, message.total, message.message)

    def _carried_out_by(self, peer: Peer, call_id: str) -> Call | None:
        call = self._calls.carried_out(call_id)
        provider = call.function.provider if call is not None else None
        return call if isinstance(provider, PeerProvider) and provider.peer is peer else None


_NO_REASON = "The function failed and gave no reason."


def asker_of(peer: Peer) -> Asker:
    """Return on whose behalf a peer calls."""
    kind: CallerKind = "app" if isinstance(peer, App) else "tavern"
    limits = peer.key.taverns
    caller = Caller(
        kind=kind,
        id=peer.id,
        name=peer.name,
        role=peer.key.role,
        taverns=None if limits is None else list(limits),
    )
    return Asker(
        caller=caller,
        key=peer.key,
        session=peer.session,
        owner=peer.id if isinstance(peer, App) and peer.chosen else None,
        address=peer.address,
    )


def _accepted(call: Call) -> CallAccepted:
    return CallAccepted(call_id=call.asker_id, state=call.state, function=call.function.address)


def _answer(call: Call, ack: Ack, outcome: FunctionResult) -> None:
    if outcome.ok:
        accepted = CallAccepted(
            call_id=call.asker_id, state="done", function=call.function.address, result=outcome.result
        )
        ack(Success(result=accepted))
    else:
        ack(Failure(error=outcome.error or ErrorInfo(code="function_failed", message=_NO_REASON)))
