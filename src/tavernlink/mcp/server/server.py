"""The SDK's server with our handlers: the same for both transports."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions

from tavernlink.mcp.server.changes import Changes
from tavernlink.mcp.server.resources import Resources
from tavernlink.mcp.server.sight import Sights
from tavernlink.mcp.server.toolbox import Toolbox
from tavernlink.version import __version__

__all__ = ["make_server"]

_INSTRUCTIONS = """\
Tavernlink joins you to SillyTavern, where a person talks with characters played by a language model. `send_message`
speaks in the chat that is open there and returns the character's reply; `generate` has a character answer beside it.
`list_taverns` says which SillyTavern tabs are connected; most tools work on the first one unless you name another."""


class _Server(Server[Any]):
    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """Say that lists change: the SDK's transports do not ask."""
        told = notification_options or NotificationOptions(resources_changed=True, tools_changed=True)
        return super().create_initialization_options(told, experimental_capabilities, extensions)


def make_server(sights: Sights) -> Server[Any]:
    """Return a server whose requests are answered for whoever `sights` says it is."""
    toolbox, resources, changes = Toolbox(sights), Resources(sights), Changes(sights)
    server = _Server(
        "tavernlink",
        version=__version__,
        title="Tavernlink",
        description="SillyTavern's characters and chats, and the functions of its hub.",
        instructions=_INSTRUCTIONS,
        on_list_tools=toolbox.list,
        on_call_tool=toolbox.call,
        on_list_resources=resources.list,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_subscribe_resource=changes.subscribe,
        on_unsubscribe_resource=changes.unsubscribe,
        on_subscriptions_listen=changes.listen,
    )
    server.add_notification_handler(
        "notifications/initialized", types.NotificationParams, changes.initialized
    )
    return server
