"""The Python SDK: an outside program's end of the line. Stands on `protocol` and `errors` only.

`connect` is the beginning; `connect_sync` is the same for programs without an event loop.
"""

from __future__ import annotations

from tavernlink.sdk.hub import Hub, connect
from tavernlink.sdk.messages import EVERYBODY, Messages
from tavernlink.sdk.mirror import Mirror
from tavernlink.sdk.profiles import Profiles
from tavernlink.sdk.reply import Delta, Reply, ReplyEvent
from tavernlink.sdk.request import Request
from tavernlink.sdk.room import Room
from tavernlink.sdk.subscription import Subscription
from tavernlink.sdk.sync import SyncHub, connect_sync
from tavernlink.sdk.sync_profiles import SyncProfiles
from tavernlink.sdk.sync_request import SyncReply
from tavernlink.sdk.sync_room import SyncRoom
from tavernlink.sdk.sync_tavern import SyncTavern
from tavernlink.sdk.tavern import Tavern
from tavernlink.sdk.webhooks import verify_webhook

__all__ = [
    "EVERYBODY",
    "Delta",
    "Hub",
    "Messages",
    "Mirror",
    "Profiles",
    "Reply",
    "ReplyEvent",
    "Request",
    "Room",
    "Subscription",
    "SyncHub",
    "SyncProfiles",
    "SyncReply",
    "SyncRoom",
    "SyncTavern",
    "Tavern",
    "connect",
    "connect_sync",
    "verify_webhook",
]
