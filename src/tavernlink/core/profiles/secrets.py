"""What may not be in a profile: keys, passwords, and addresses that belong to one server.

The extension leaves them out before anything leaves the browser (js/packages/extension/src/profiles/secrets.ts, the
same rule; one file of examples holds both against it). This is the hub's own check, for whoever else publishes.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["is_secret", "without_secrets"]

_PRIVATE = frozenset(
    {
        # What SillyTavern itself asks about when it exports a chat completion preset (openai.js, sensitiveFields).
        "reverse_proxy",
        "proxy_password",
        "custom_url",
        "custom_include_body",
        "custom_exclude_body",
        "custom_include_headers",
        "vertexai_region",
        "vertexai_express_project_id",
        "azure_base_url",
        "azure_deployment_name",
        "workers_ai_account_id",
        # Of text completion presets.
        "api_server",
        "server_urls",
        "streaming_url",
        # Anybody's.
        "authorization",
        "cookie",
        "key",
        "token",
    }
)
_PATTERN = re.compile(
    r"password|passwd|passphrase|secret|credential|api_?key|private_?key|access_?key"
    r"|(access|auth|bearer|refresh|session)_?token$"
)
_LORE = frozenset({"entries", "originalData"})
"""World info has a field `key`: the words that wake an entry."""


def is_secret(name: str) -> bool:
    """Whether a field of this name is left out of profiles."""
    folded = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_")
    return folded in _PRIVATE or _PATTERN.search(folded) is not None


def without_secrets(content: dict[str, Any], *, lore: bool = False) -> dict[str, Any]:
    """Return the content without secret fields, at any depth; texts of a lorebook's entries stay as they are."""
    return {
        name: value if lore and name in _LORE else _clean(value)
        for name, value in content.items()
        if not is_secret(name)
    }


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return without_secrets(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value
