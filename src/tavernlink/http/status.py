"""The one table from an error's code to its HTTP status, and when a client may try again.

A code that is not here (from a newer tavern) is reported as 500; a test fails for a code of `errors` without a row.
"""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.errors import TavernlinkError

__all__ = ["RETRY_AFTER", "STATUS", "retry_after_of", "status_of"]

STATUS: Mapping[str, int] = {
    "internal": 500,
    # Who you are.
    "unauthorized": 401,
    "key_revoked": 401,
    "key_expired": 401,
    "invalid_auth": 401,
    "auth_timeout": 408,
    "forbidden": 403,
    "origin_refused": 403,
    "not_for_this_role": 403,
    "not_a_member": 403,
    "muted": 403,
    "banned": 403,
    "refused": 403,
    "not_allowed": 403,
    "protocol_unsupported": 400,
    "replaced": 409,
    # What you sent.
    "invalid_json": 400,
    "invalid_message": 400,
    "unknown_type": 400,
    "unknown_command": 404,
    "unsupported_parameter": 400,
    "invalid_script": 400,
    "invalid_pattern": 400,
    "invalid_file": 400,
    "wrong_method": 405,
    "too_large": 413,
    "invalid_expression": 400,
    "invalid_arguments": 400,
    "invalid_schema": 400,
    "dropped": 403,
    "rate_limited": 429,
    # What you named.
    "unknown_tavern": 404,
    "unknown_request": 404,
    "unknown_character": 404,
    "unknown_message": 404,
    "unknown_room": 404,
    "unknown_peer": 404,
    "unknown_route": 404,
    "unknown_member": 404,
    "unknown_invitation": 404,
    "unknown_chat": 404,
    "unknown_swipe": 404,
    "unknown_key": 404,
    "unknown_tab": 404,
    "unknown_dialog": 404,
    "unknown_pairing": 404,
    "unknown_profile": 404,
    "unknown_item": 404,
    "unknown_persona": 404,
    "unknown_entry": 404,
    "unknown_variable": 404,
    "unknown_file": 404,
    "unknown_webhook": 404,
    "unknown_schedule": 404,
    "unknown_backup": 404,
    "unknown_path": 404,
    "unknown_function": 404,
    "unknown_call": 404,
    # Not now.
    "no_tavern": 503,
    "tavern_gone": 503,
    "queue_full": 429,
    "quota": 429,
    "cooldown": 429,
    "timeout": 504,
    "slow_consumer": 503,
    "hub_stopping": 503,
    "too_many_addresses": 503,
    "tab_lost": 503,
    "blocked_by_dialog": 503,
    "busy": 503,
    "storage_failed": 503,
    "provider_gone": 503,
    "interrupted": 503,
    # A client's own; here for a hub that asks another.
    "unreachable": 503,
    "disconnected": 503,
    "closed": 503,
    # The world is different.
    "stale_revision": 409,
    "chat_changed": 409,
    "request_id_in_use": 409,
    "stale_profile": 409,
    "already_finished": 409,
    "route_loop": 508,
    "route_in_settings": 409,
    "declared_in_file": 409,
    "owner_gone": 409,
    "session_bound": 409,
    "session_busy": 409,
    "item_exists": 409,
    "not_a_number": 409,
    "chat_exists": 409,
    "room_exists": 409,
    "room_full": 409,
    "room_closed": 409,
    "name_taken": 409,
    "turn_taken": 409,
    "held": 409,
    "ambiguous_function": 409,
    "call_id_in_use": 409,
    "call_loop": 508,
    # SillyTavern or the model.
    "no_character": 409,
    "no_message": 409,
    "group_open": 409,
    "context_exceeded": 400,
    "detached_unsupported": 501,
    "unsupported_backend": 501,
    "interceptor_abort": 409,
    "stopped": 409,
    "cancelled": 409,
    "no_backend": 503,
    "generation_failed": 502,
    "stream_error": 502,
    "empty_reply": 502,
    "invalid_output": 502,
    "save_failed": 502,
    "command_failed": 502,
    "function_failed": 502,
    "invalid_result": 502,
}

RETRY_AFTER: Mapping[str, int] = {
    "rate_limited": 1,
    "cooldown": 1,
    "queue_full": 5,
    "quota": 5,
    "busy": 2,
    "tavern_gone": 5,
    "provider_gone": 5,
    "no_tavern": 5,
    "hub_stopping": 5,
}
"""Codes after which the same request may well succeed, and the seconds to wait; the error's details may know better."""


def status_of(code: str) -> int:
    """Return the HTTP status that reports this code."""
    return STATUS.get(code, 500)


def retry_after_of(error: TavernlinkError) -> int | None:
    """Return after how many seconds a client may try again; None: the same request would fail again."""
    default = RETRY_AFTER.get(error.code)
    if default is None:
        return None
    told = error.details.get("retry_after")
    return max(1, round(told)) if isinstance(told, int | float) else default
