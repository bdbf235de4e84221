"""What people are told of each setting: what it is for, what it may be, where it belongs in a form."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from tavernlink.config import settings

__all__ = ["GROUPS", "about", "group_of", "schema_of"]

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "network": (
        "host", "port", "base_path", "allowed_origins", "trusted_proxies", "proxy_headers", "allow_insecure_bind",
        "tls", "tls_certificate", "tls_key", "tls_names",
    ),
    "access": ("tavern_password", "chatbridge_without_key", "audit_entries", "audit_days"),
    "logs": ("log_level", "log_format", "metrics_open_to_loopback", "otlp_endpoint"),
    "requests": (
        "request_timeout", "queue_timeout", "queue_length", "key_waiting", "key_running", "pool_policy", "detached",
        "script_commands", "kept_requests", "kept_seconds",
    ),
    "connections": ("app_session", "tavern_grace", "inbox_count", "inbox_bytes", "inbox_seconds"),
    "limits": ("max_payload", "message_bytes", "app_rate", "http_rate", "address_rate", "connect_rate"),
    "functions": ("functions_dir", "function_timeout", "function_concurrency", "function_bytes", "mcp", "routes"),
    "automation": (
        "webhooks_per_key", "webhook_private", "webhook_timeout", "webhook_retry_seconds", "webhook_stop_seconds",
        "webhook_bytes", "webhook_waiting", "webhook_dead", "webhook_dead_seconds", "schedules_per_key",
        "schedule_shortest", "timezone",
    ),
    "storage": ("data_dir", "database_url"),
}  # fmt: skip
"""Group of a form → its settings, in the order of the form. What is in none belongs to `other`."""

_OTHER: Final = "other"


def group_of(name: str) -> str:
    """Return the group that a setting belongs to."""
    return next((group for group, names in GROUPS.items() if name in names), _OTHER)


def about(name: str) -> str:
    """Return what a setting is for: its docstring; nothing where there is none, or the source is not there."""
    return _docstrings().get(name, "")


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a setting's values, without references."""
    found: dict[str, Any] = _inlined(_schemas()["properties"][name], _definitions())
    return found


@cache
def _docstrings() -> dict[str, str]:
    try:
        tree = ast.parse(inspect.getsource(settings))
    except OSError:
        return {}
    (body,) = (each.body for each in tree.body if isinstance(each, ast.ClassDef) and each.name == "Settings")
    found: dict[str, str] = {}
    for field, text in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = inspect.cleandoc(str(text.value.value))
    return found


@cache
def _components() -> dict[str, Any]:
    _, components = msgspec.json.schema_components([settings.Settings], schema_hook=_schema_of_path)
    return components


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = _components()["Settings"]
    return found


def _definitions() -> dict[str, Any]:
    return {f"#/$defs/{name}": schema for name, schema in _components().items()}


def _inlined(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> Any:
    if depth > 8:  # deeper than any form shows
        return {}
    if isinstance(schema, list):
        return [_inlined(each, definitions, depth + 1) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {name: value for name, value in schema.items() if name not in ("$ref", "default")}
        return {**_inlined(definitions[schema["$ref"]], definitions, depth + 1), **rest}
    return {
        name: _inlined(value, definitions, depth + 1) for name, value in schema.items() if name != "default"
    }


def _schema_of_path(kind: type) -> dict[str, Any]:
    if kind is Path:
        return {"type": "string", "format": "path"}
    raise NotImplementedError(kind)
