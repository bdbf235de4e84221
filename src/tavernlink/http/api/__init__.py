"""REST and server-sent events under `/api`: the messages of the catalogue, one address each.

An answer is the outcome of protocol v1, `{"ok": true, "result": …}` or `{"ok": false, "error": {…}}`, under the status
that `http.status` gives its code. What becomes a request is answered with 202 at once, or by `?wait=true` with its end.
"""

from __future__ import annotations

from tavernlink.http.api.access import KeyRoutes, PairingRoutes, list_audit
from tavernlink.http.api.chats import ChatRoutes
from tavernlink.http.api.commands import CommandRoutes, list_commands
from tavernlink.http.api.events import listen
from tavernlink.http.api.files import FileRoutes
from tavernlink.http.api.functions import FunctionRoutes
from tavernlink.http.api.inbox import InboxRoutes
from tavernlink.http.api.logs import list_logs
from tavernlink.http.api.messages import send_message
from tavernlink.http.api.pool import PoolRoutes
from tavernlink.http.api.profiles import ProfileRoutes, TavernProfileRoutes, list_profiles
from tavernlink.http.api.requests import RequestRoutes, list_requests
from tavernlink.http.api.rooms import RoomRoutes
from tavernlink.http.api.routes import RoutingRuleRoutes
from tavernlink.http.api.schedules import ScheduleRoutes
from tavernlink.http.api.sessions import SessionRoutes
from tavernlink.http.api.stats import show_stats
from tavernlink.http.api.taverns import TavernRoutes, list_characters, list_taverns
from tavernlink.http.api.webhooks import WebhookRoutes

__all__ = ["ROUTES"]

ROUTES = (
    list_taverns,
    list_characters,
    TavernRoutes,
    ChatRoutes,
    list_commands,
    CommandRoutes,
    FileRoutes,
    FunctionRoutes,
    RequestRoutes,
    list_requests,
    SessionRoutes,
    InboxRoutes,
    RoomRoutes,
    PoolRoutes,
    list_profiles,
    ProfileRoutes,
    TavernProfileRoutes,
    listen,
    send_message,
    RoutingRuleRoutes,
    KeyRoutes,
    PairingRoutes,
    list_audit,
    list_logs,
    show_stats,
    WebhookRoutes,
    ScheduleRoutes,
)
