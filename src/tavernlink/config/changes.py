"""What a running hub can take over, and what needs a restart. Every setting is in one of the two; a test holds that."""

from __future__ import annotations

from typing import Any

import msgspec

from tavernlink.config.settings import Settings

__all__ = ["AT_START", "LIVE", "changed", "take_over"]

AT_START = frozenset({
    "host", "port", "data_dir", "database_url", "tls", "tls_certificate", "tls_key", "allow_insecure_bind",
    "log_format", "max_payload", "otlp_endpoint", "functions_dir",
})  # fmt: skip
"""Read once: they are built into the listener, the store and the doors."""

LIVE = frozenset({
    "allowed_origins", "trusted_proxies", "proxy_headers", "base_path", "tls_names", "chatbridge_without_key",
    "log_level", "app_session", "tavern_grace", "request_timeout", "queue_timeout", "queue_length", "detached",
    "kept_requests", "kept_seconds", "inbox_count", "inbox_bytes", "inbox_seconds",
    "key_waiting", "key_running", "pool_policy", "script_commands",
    "app_rate", "http_rate", "address_rate", "connect_rate",
    "function_timeout", "function_concurrency", "function_bytes",
    "webhooks_per_key", "webhook_private", "webhook_timeout", "webhook_retry_seconds", "webhook_stop_seconds",
    "webhook_bytes", "webhook_waiting", "webhook_dead", "webhook_dead_seconds",
    "schedules_per_key", "schedule_shortest", "timezone",
    "message_bytes", "routes", "mcp", "metrics_open_to_loopback", "tavern_password", "audit_entries", "audit_days",
})  # fmt: skip
"""Taken over at once. Those about requests and sessions count for what begins from then on."""


def changed(before: Settings, after: Settings) -> set[str]:
    """Return the names of the settings that differ."""
    fields: tuple[str, ...] = Settings.__struct_fields__
    return {name for name in fields if getattr(before, name) != getattr(after, name)}


def take_over(running: Settings, wanted: Settings) -> Settings:
    """Return what a hub that runs on `running` goes by when its sources say `wanted`."""
    live: dict[str, Any] = {name: getattr(wanted, name) for name in LIVE}
    return msgspec.structs.replace(running, **live)
