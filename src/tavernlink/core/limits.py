"""What one peer may use of the hub; the numbers come from the settings."""

from __future__ import annotations

from typing import Literal

import msgspec

from tavernlink.core.peers.session import Bounds

__all__ = ["HubLimits", "RateLimit"]


class HubLimits(msgspec.Struct, kw_only=True):
    """Sizes in bytes, times in seconds, rates in messages per second. Changed while the hub runs by `retuning`."""

    max_payload: int = 16 << 20
    """Largest message."""
    app_session: float = 120.0
    """How long an app's session outlives its line."""
    tavern_grace: float = 30.0
    """How long a tavern's session outlives its line; after it, running requests fail with `tavern_gone`."""
    confirm_every: int = 64
    request_timeout: float = 300.0
    """Time that a request may run where it names none."""
    longest_timeout: float = 3_600.0
    queue_timeout: float = 600.0
    """Time that a request may wait."""
    kept_requests: int = 5_000
    """Finished requests that are remembered, on disk too."""
    kept_seconds: float = 86_400.0
    """How long they are."""
    inbox_count: int = 1_000
    """Messages that wait for one app that is away."""
    inbox_bytes: int = 8 << 20
    inbox_seconds: float = 604_800.0
    inboxes: int = 1_000
    """Apps that are remembered while they are away."""
    report_time: float = 15.0
    """Time that a tavern in a new session has to say which commands it knows."""
    queue_length: int = 100
    """Requests that may wait in one lane of one tavern."""
    key_waiting: int = 200
    """Requests of one key that may wait, over all taverns."""
    key_running: int = 64
    """Requests of one key that run at once, over all taverns; more wait."""
    pool_policy: Literal["least_loaded", "random", "pinned", "broadcast"] = "least_loaded"
    """Which tavern does what no tavern was named for; see `core.work.pool`."""
    detached: int = 32
    """Generations that one tab runs side by side."""
    script_commands: tuple[str, ...] | None = None
    """Slash commands that scripts from outside may use, of those that the person allows; None: all of those."""
    cancel_grace: float = 5.0
    """Time that a tavern has to report a cancelled command."""
    immediate_timeout: float = 15.0
    message_bytes: int = 256 << 10
    """Largest content of a message of a peer's own type."""
    app_rate: float = 200.0
    app_burst: int = 1_000
    tavern_rate: float = 200_000.0
    """High, since every token is a message; a tavern's key is a trusted one."""
    tavern_burst: int = 400_000
    subscriptions: int = 256
    """(tavern, glob) pairs of one app."""
    streams: int = 256
    """Running streams of one tavern."""
    peers: int = 20_000
    """Sessions at once."""
    audit_entries: int = 10_000
    """Entries of the audit log that are kept."""
    audit_days: float = 90.0
    """How long they are."""
    webhooks_per_key: int = 20
    webhook_private: Literal["admins", "everyone", "nobody"] = "admins"
    """Whose webhooks may be sent to addresses of this machine and of private networks."""
    webhook_timeout: float = 15.0
    """Time for one attempt, all of it."""
    webhook_retry_seconds: float = 86_400.0
    """How long one delivery is tried."""
    webhook_stop_seconds: float = 259_200.0
    """How long every attempt may fail before the webhook is stopped."""
    webhook_bytes: int = 1 << 20
    """Largest body; of a larger event only that it happened is sent."""
    webhook_waiting: int = 1_000
    """Deliveries that wait for one webhook; past that, the oldest become dead letters."""
    webhook_waiting_bytes: int = 32 << 20
    webhook_dead: int = 1_000
    """Dead letters of one webhook that are kept."""
    webhook_dead_seconds: float = 604_800.0
    webhook_log: int = 100
    """Deliveries of one webhook that are remembered after they succeeded."""
    schedules_per_key: int = 50
    schedule_shortest: float = 10.0
    """The shortest interval."""
    timezone: str = "UTC"
    """Of schedules that name none."""
    function_timeout: float = 60.0
    """Time of a call, waiting included, where neither the function nor the caller names one."""
    function_concurrency: int = 64
    """Calls of one function that run at once, where it names no number."""
    function_queue: int = 1_000
    """Calls of one function that may wait, where it names no number."""
    function_bytes: int = 4 << 20
    """Largest arguments, and largest result, of a call."""
    functions: int = 256
    """Functions of one peer."""
    key_calls: int = 2_000
    """Calls of one key that may be open, over all functions."""
    call_depth: int = 8
    """Calls within each other."""
    kept_calls: int = 2_000
    """Calls that are over and are remembered, for whoever asks again under the same id."""
    kept_call_seconds: float = 600.0
    kept_call_bytes: int = 32 << 20
    bounds: Bounds = Bounds()


class RateLimit:
    """A token bucket that looks at the clock only when it seems empty."""

    __slots__ = ("_burst", "_left", "_rate", "_since")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._left = float(burst)
        self._since = now

    def retune(self, rate: float, burst: int) -> None:
        """Go on with another rate."""
        self._rate = rate
        self._burst = float(burst)
        self._left = min(self._left, self._burst)

    def spend(self) -> bool:
        """Take one token without asking the time; False: call `refill` first."""
        self._left -= 1.0
        return self._left >= 0.0

    def refund(self) -> None:
        """Give one token back: the hub asked for this message."""
        self._left = min(self._burst, self._left + 1.0)

    def refill(self, now: float) -> bool:
        """Add what time has brought and take one token; False: too often."""
        self._left = min(self._burst, max(self._left, -1.0) + 1.0 + (now - self._since) * self._rate) - 1.0
        self._since = now
        return self._left >= 0.0
