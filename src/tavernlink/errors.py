"""Every error that Tavernlink reports, as one tree with stable codes.

    TavernlinkError
    ├── AuthError            who you are: no key, wrong key, not allowed, foreign origin
    ├── BadMessage           what you sent: not JSON, wrong shape, unknown type, too large, too often
    ├── NotFound             what you named does not exist
    ├── Unavailable          it exists but cannot answer now: no tavern, queue full, gone, timed out
    ├── Conflict             it changed, or is in use, since you looked
    └── GenerationError      SillyTavern or the model behind it could not do it

The code is what programs compare and what goes over the wire; the class is what Python code catches. A code that
this version does not know (from a newer hub) becomes a plain `TavernlinkError` that keeps its code. A message says
what happened, why, and what to do. This module imports nothing, so every layer may use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "CODES",
    "AuthError",
    "BadMessage",
    "Conflict",
    "GenerationError",
    "NotFound",
    "TavernlinkError",
    "Unavailable",
    "error_from_code",
]


class TavernlinkError(Exception):
    """Base of the tree.

    `code` is a stable snake_case word, `message` a sentence for a person, `details` JSON-safe facts for a program.
    """

    codes: ClassVar[Mapping[str, str]] = {"internal": "The hub failed in a way that it should not."}

    def __init__(
        self, code: str, message: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        self.code = code
        self.message = message or self.codes.get(code) or code
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.message!r})"


class AuthError(TavernlinkError):
    """The peer is not who it must be, or may not do this."""

    codes = {
        "unauthorized": "No key, or a key that this hub does not know. Make one with `tavernlink keys create`.",
        "key_revoked": "This key was revoked. Make a new one with `tavernlink keys create`.",
        "key_expired": "This key has expired. Make a new one with `tavernlink keys create`.",
        "forbidden": "This key's role does not allow that.",
        "origin_refused": "This web origin may not talk to the hub. Add it to `allowed_origins` in the settings.",
        "protocol_unsupported": "The hub cannot speak this protocol version.",
        "replaced": "Another connection took over this identity.",
        "invalid_auth": "The connect payload is missing or has the wrong shape.",
        "auth_timeout": "No valid hello arrived in time.",
        "not_a_member": "Only members of the room may do that. Join it with an invitation, or ask to be added.",
        "muted": "You are muted in this room.",
        "banned": "You were taken out of this room and may not come back yet.",
        "refused": "The person at SillyTavern does not want that.",
        "not_allowed": "The person at SillyTavern lets no script do that. The details name the rule.",
    }


class BadMessage(TavernlinkError):
    """The message itself is wrong; sending it again will fail again."""

    codes = {
        "invalid_json": "The message is not valid JSON.",
        "invalid_message": "The message does not have the shape that its type asks for.",
        "unknown_type": "The hub does not know this message type.",
        "unknown_command": "The tavern does not know this command.",
        "too_large": "The message is over the size limit.",
        "invalid_expression": "The CEL expression is wrong.",
        "invalid_arguments": "The arguments do not fit the function's schema.",
        "invalid_schema": "This is no JSON Schema that the hub can check by.",
        "dropped": "A routing rule of this hub does not let the message through.",
        "rate_limited": "Too many messages in a short time. Slow down and try again.",
        "unsupported_parameter": "A parameter of this request cannot be honoured here.",
        "not_for_this_role": "This type is not sent by a peer of this role.",
        "invalid_script": "SillyTavern cannot read this script.",
        "invalid_pattern": "This is no regular expression that SillyTavern can use.",
        "invalid_file": "SillyTavern cannot use this file: it is damaged, or of another kind than its type says.",
        "wrong_method": "This address does not take this HTTP method.",
    }


class NotFound(TavernlinkError):
    """The thing that was named does not exist."""

    codes = {
        "unknown_tavern": "No tavern with this id or name is known to the hub.",
        "unknown_request": "No request with this id is known under this key.",
        "unknown_character": "The tavern has no such character or group.",
        "unknown_message": "The open chat has no message at this index.",
        "unknown_chat": "There is no such chat in SillyTavern (any more).",
        "unknown_swipe": "The message has no such alternative.",
        "unknown_room": "There is no such room.",
        "unknown_peer": "No app or tavern with this id or name is known to the hub.",
        "unknown_route": "There is no such routing rule.",
        "unknown_member": "The room has no such member.",
        "unknown_invitation": "There is no such invitation, or it was used up or has expired. Ask for a new one.",
        "unknown_key": "There is no such key.",
        "unknown_tab": "No such tab is kept open here.",
        "unknown_dialog": "This dialog is not open any more.",
        "unknown_pairing": "No SillyTavern shows this code, or its time is over.",
        "unknown_profile": "There is no such profile, or no such version of it.",
        "unknown_item": "There is no such preset, lorebook, script or set in this SillyTavern.",
        "unknown_persona": "SillyTavern has no such persona.",
        "unknown_entry": "The lorebook has no such entry.",
        "unknown_variable": "There is no such variable.",
        "unknown_file": "The message has no such file.",
        "unknown_webhook": "There is no such webhook of this key.",
        "unknown_schedule": "There is no such schedule of this key.",
        "unknown_backup": "There is nothing that could be undone.",
        "unknown_path": "There is nothing at this address.",
        "unknown_function": "There is no such function, or this key may not call it. `function.list` shows them.",
        "unknown_call": "No call with this id is known under this key.",
    }


class Unavailable(TavernlinkError):
    """It cannot be done now; it may work later or elsewhere."""

    codes = {
        "no_tavern": "No SillyTavern is connected. Open SillyTavern with the Tavernlink extension, then try again.",
        "tavern_gone": "The SillyTavern tab went away while the request was running.",
        "queue_full": "The queue of this tavern is full. Try again later.",
        "quota": "This key has as many requests waiting as it may. Try again later.",
        "timeout": "The request did not finish within its time limit.",
        "slow_consumer": "This connection read too slowly and its backlog became too long.",
        "hub_stopping": "The hub is shutting down.",
        "too_many_addresses": "The extension was fetched under too many addresses of this hub.",
        "unreachable": "No hub answers at this address. Start one with `tavernlink serve`, or correct the address.",
        "disconnected": "The line to the hub was lost before the answer came.",
        "closed": "This connection was closed.",
        "tab_lost": "The tab is not open at this moment.",
        "blocked_by_dialog": "A dialog in SillyTavern is waiting for the person. Close it, then try again.",
        "storage_failed": "The hub cannot write to its disk, so nothing new can be kept. Is the disk full or gone?",
        "interrupted": "The hub or the tab was restarted while this ran, and nobody reported how it ended. Look at "
        "the chat before you ask again.",
        "busy": "SillyTavern is busy with something else and cannot do this now.",
        "cooldown": "You spoke in this room a moment ago. Wait before you speak again.",
        "room_full": "The room has as many members as its settings allow.",
        "room_closed": "The room was closed.",
        "provider_gone": "The program that carried out the call went away.",
    }


class Conflict(TavernlinkError):
    """The world is not as the caller thought."""

    codes = {
        "stale_revision": "The chat changed since the caller looked. Fetch it again.",
        "chat_changed": "The open chat changed while the request was running.",
        "request_id_in_use": "This request_id was already used for a different request.",
        "stale_profile": "The profile has a newer version than the caller knew.",
        "route_loop": "The routing rules of this hub send the message round in a circle.",
        "route_in_settings": "This rule stands in the settings file. Change it there.",
        "already_finished": "The request already has its final state.",
        "declared_in_file": "This key is declared in a file of the data folder. Change it there.",
        "owner_gone": "The key that made this was revoked or has expired. Make it anew under another key.",
        "session_bound": "The session is held with another character or in another tavern.",
        "session_busy": "A turn of this session waits or runs. Wait for it, or cancel it.",
        "item_exists": "There is one of this name already. Choose another name.",
        "not_a_number": "The variable holds something that is no number.",
        "chat_exists": "There is a chat of this name already. Choose another name.",
        "room_exists": "There is a room of this name already. Choose another name.",
        "name_taken": "Somebody else speaks under this name. Choose another one.",
        "turn_taken": "You have spoken in this round. It goes on when the others have, too.",
        "held": "The message waits for the room's turn; its reply comes to the room when the turn does.",
        "ambiguous_function": "Several programs offer a function of this name. Call it by its address.",
        "call_id_in_use": "This call_id was already used for a different call.",
        "call_loop": "Functions call functions too deep.",
    }


class GenerationError(TavernlinkError):
    """SillyTavern, or the model behind it, could not do it."""

    codes = {
        "no_character": "No character is open in SillyTavern. Open one, or name one.",
        "no_backend": "SillyTavern is not connected to a model. Connect one in its API settings.",
        "no_message": "There is no message that this could work on.",
        "generation_failed": "The generation failed.",
        "stream_error": "The model's stream broke off.",
        "empty_reply": "The model answered with nothing.",
        "invalid_output": "The model did not answer in the form that was asked for.",
        "interceptor_abort": "Another SillyTavern extension stopped the generation.",
        "stopped": "The generation was stopped in SillyTavern.",
        "cancelled": "The request was cancelled.",
        "context_exceeded": "The last message does not fit into the context that SillyTavern allows.",
        "group_open": "A group chat is open in this tab, and SillyTavern ties prompts to it. Open a character.",
        "detached_unsupported": "This version of SillyTavern cannot generate beside the open chat.",
        "unsupported_backend": "This does not work with the API that SillyTavern is connected to.",
        "save_failed": "SillyTavern could not save the chat.",
        "command_failed": "SillyTavern could not carry out the command.",
        "function_failed": "The function could not do it.",
        "invalid_result": "The function returned something that does not fit its schema.",
    }


_GROUPS: tuple[type[TavernlinkError], ...] = (
    TavernlinkError,
    AuthError,
    BadMessage,
    NotFound,
    Unavailable,
    Conflict,
    GenerationError,
)

CODES: Mapping[str, type[TavernlinkError]] = {code: group for group in _GROUPS for code in group.codes}
"""Every known code and the class that carries it."""


def error_from_code(
    code: str, message: str | None = None, details: Mapping[str, Any] | None = None
) -> TavernlinkError:
    """Build the error of the right class for a code that came over the wire."""
    return CODES.get(code, TavernlinkError)(code, message, details)
