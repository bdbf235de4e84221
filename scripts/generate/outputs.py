"""Which files are generated, and from what."""

from __future__ import annotations

from pathlib import Path

from scripts.generate.commands import render_command_pages, render_words
from scripts.generate.errors import render_console_errors, render_panel_errors
from scripts.generate.golden import read_golden
from scripts.generate.model import read_protocol
from scripts.generate.reference import render_reference
from scripts.generate.rest import render_rest
from scripts.generate.schema import render_schema
from scripts.generate.sdk import render_sdk
from scripts.generate.sdk_pages import render_sdk_pages
from scripts.generate.settings import render_settings, render_settings_zh
from scripts.generate.typescript import render_commands, render_typescript

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = tuple(
    ROOT / "docs" / name
    for name in ("protocol/messages", "protocol/commands", "reference/rest", "reference/sdk")
)
"""Everything in them is generated."""


def outputs() -> dict[Path, str]:
    """Return the text that each generated file must have."""
    protocol = read_protocol()
    pages = render_reference(protocol, read_golden()) | render_command_pages(protocol)
    return {
        **{ROOT / "docs" / "protocol" / place: text for place, text in pages.items()},
        **{ROOT / "docs" / "reference" / "rest" / place: text for place, text in render_rest().items()},
        **{ROOT / "docs" / "reference" / "sdk" / place: text for place, text in render_sdk_pages().items()},
        ROOT / "docs" / "guide" / "settings.md": render_settings(),
        ROOT / "docs" / "zh" / "guide" / "settings.md": render_settings_zh(),
        ROOT / "docs" / "protocol" / "schema.json": render_schema(protocol),
        ROOT / "src" / "tavernlink" / "protocol" / "commands" / "words.py": render_words(protocol),
        ROOT / "src" / "tavernlink" / "sdk" / "commands.py": render_sdk(protocol, sync=False),
        ROOT / "src" / "tavernlink" / "sdk" / "sync_commands.py": render_sdk(protocol, sync=True),
        _generated("client", "commands.ts"): render_commands(protocol),
        _generated("client", "protocol.ts"): render_typescript(protocol),
        _generated("console", "errors.ts"): render_console_errors(),
        _generated("extension", "errors.zh-cn.json"): render_panel_errors(),
    }


def _generated(package: str, name: str) -> Path:
    return ROOT / "js" / "packages" / package / "src" / "generated" / name


def left_over(wanted: dict[Path, str]) -> list[Path]:
    """Return generated pages of what is no more: in folders that hold nothing else."""
    there = [path for folder in FOLDERS for path in sorted(folder.glob("*.md"))]
    return [path for path in there if path not in wanted]
