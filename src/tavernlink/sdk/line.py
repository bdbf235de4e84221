"""One WebSocket line to the hub: opened, written, read, closed. Knows the library, not the protocol.

Everything that can go wrong with a line leaves here as `Unavailable` or `AuthError`, so `connection` above needs to
know nothing of the library. A line that carries nothing is probed every 15 s and given up after another 15 s.
"""

from __future__ import annotations

import json
import ssl
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from tavernlink.errors import AuthError, TavernlinkError, Unavailable, error_from_code
from tavernlink.protocol import WEBSOCKET_SUBPROTOCOL
from tavernlink.sdk.address import is_loopback

__all__ = ["Line", "Untrusted", "dial"]

_LARGEST_MESSAGE = 64 * 1024 * 1024
_PROBE_SECONDS = 15.0
_CLOSE_SECONDS = 2.0


class Untrusted(Unavailable):
    """The hub's certificate is not trusted; nothing but a person changes that before the first connection."""


class Line:
    """An open WebSocket. Any error of it is `Unavailable("disconnected")`; it never comes back to life."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: bytes) -> None:
        """Write one text frame; waits while the write buffer is full."""
        try:
            await self._socket.send(frame, text=True)
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from None

    async def receive(self) -> bytes:
        """Return the next text frame as UTF-8."""
        try:
            return await self._socket.recv(decode=False)
        except (ConnectionClosed, OSError) as error:
            raise _lost(error) from None

    async def close(self) -> None:
        """Say goodbye and close; an unwilling peer is cut off after 2 s."""
        await self._socket.close()

    def abort(self) -> None:
        """Cut the line at once."""
        self._socket.transport.abort()


async def dial(address: str, *, timeout: float, tls: ssl.SSLContext | None = None) -> Line:
    """Open a line to `address` (`ws://…/ws`) within `timeout` seconds.

    Raises `Unavailable("unreachable")` where a later try may help, `Untrusted` of the same code where the certificate
    is refused, and `AuthError` where trying again will not help.
    """
    options: dict[str, Any] = {} if tls is None else {"ssl": tls}
    try:
        socket = await connect(
            address,
            subprotocols=[Subprotocol(WEBSOCKET_SUBPROTOCOL)],
            compression=None,  # tokens are tiny: compressing them costs more than it saves
            user_agent_header="tavernlink-python",
            proxy=None if is_loopback(address) else True,
            open_timeout=timeout,
            ping_interval=_PROBE_SECONDS,
            ping_timeout=_PROBE_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            max_size=_LARGEST_MESSAGE,
            max_queue=1024,
            **options,
        )
    except InvalidStatus as error:
        raise _refused(address, error) from None
    except ssl.SSLCertVerificationError as error:
        advice = (
            "If the hub made its certificate itself, name its authority with `ca` (`tavernlink certificate`)."
        )
        raise Untrusted("unreachable", f"{address} is not trusted: {error}. {advice}") from None
    except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable("unreachable", f"No hub answers at {address}: {reason}") from None
    if socket.subprotocol != WEBSOCKET_SUBPROTOCOL:
        await socket.close()
        raise AuthError(
            "protocol_unsupported", f"What answers at {address} does not speak {WEBSOCKET_SUBPROTOCOL}."
        )
    return Line(socket)


def _refused(address: str, error: InvalidStatus) -> TavernlinkError:
    """Return what an HTTP answer instead of an upgrade means: the hub's own error where the body holds one."""
    status = error.response.status_code
    try:
        told = json.loads(error.response.body or b"")
        told = told.get("error", told)
        details = told.get("details")
        return error_from_code(
            str(told["code"]), str(told["message"]), details if isinstance(details, dict) else None
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    if status in (401, 403):
        return AuthError("unauthorized" if status == 401 else "forbidden")
    return Unavailable(
        "unreachable", f"{address} answered with HTTP status {status}: is this a Tavernlink hub?"
    )


def _lost(error: Exception) -> TavernlinkError:
    close = error.rcvd if isinstance(error, ConnectionClosed) else None
    told = f" The hub closed it: {close.reason or close.code}." if close is not None else ""
    return Unavailable(
        "disconnected", f"The line to the hub was lost.{told}", {"close_code": close.code} if close else None
    )
