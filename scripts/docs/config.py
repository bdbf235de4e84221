"""Zensical's configuration of the site in one language. JSON is what it is written as: TOML's tables need a writer."""

from __future__ import annotations

from typing import Any

from scripts.docs.tree import CHINESE, ENGLISH

__all__ = ["configuration"]

_NAMES = {ENGLISH: "Tavernlink", CHINESE: "Tavernlink"}
_ABOUT = {
    ENGLISH: "Joins a running SillyTavern to bots, games, scripts and OpenAI clients.",
    CHINESE: "让机器人、游戏、脚本和 OpenAI 客户端连上正在运行的 SillyTavern。",
}
_PALETTE = {
    ENGLISH: ("Follow the system: light", "Light", "Dark"),
    CHINESE: ("跟随系统", "浅色", "深色"),
}


def configuration(language: str, nav: list[Any]) -> dict[str, Any]:
    """Return it in the form of an mkdocs.yml. No font, script or picture from elsewhere; no address of its own."""
    system, light, dark = _PALETTE[language]
    return {
        "site_name": _NAMES[language],
        "site_description": _ABOUT[language],
        "docs_dir": "docs",
        "site_dir": "site",
        "use_directory_urls": False,  # so that the files are a site wherever they are put, on a disk too
        "nav": nav,
        "theme": {
            "variant": "modern",
            "language": language,
            "custom_dir": "theme",
            "font": False,
            "favicon": "images/icon.svg",
            "logo": "images/icon.svg",
            "features": [
                "content.code.copy",
                "content.tabs.link",
                "navigation.footer",
                "navigation.indexes",
                "navigation.path",
                "navigation.prune",
                "navigation.tabs",
                "navigation.top",
                "search.highlight",
                "toc.follow",
            ],
            "palette": [
                _scheme("(prefers-color-scheme)", None, "lucide/sun-moon", system),
                _scheme("(prefers-color-scheme: light)", "default", "lucide/sun", light),
                _scheme("(prefers-color-scheme: dark)", "slate", "lucide/moon", dark),
            ],
        },
        "extra_css": ["style/site.css"],
        "extra": {
            "generator": False,
            "alternate": [
                {"name": "English", "lang": ENGLISH, "link": "."},
                {"name": "中文", "lang": CHINESE, "link": "."},
            ],
        },
        "plugins": ["search"],
        "validation": {"invalid_links": True, "invalid_link_anchors": True, "unresolved_references": False},
        "markdown_extensions": [
            "admonition",
            "attr_list",
            "def_list",
            "md_in_html",
            "tables",
            "pymdownx.details",
            {"pymdownx.highlight": {"pygments_lang_class": True}},
            "pymdownx.inlinehilite",
            "pymdownx.superfences",
            {"pymdownx.tabbed": {"alternate_style": True}},
            {
                "toc": {
                    "permalink": True,
                    "slugify": {"object": "pymdownx.slugs.slugify", "kwds": {"case": "lower"}},
                }
            },
        ],
    }


def _scheme(media: str, scheme: str | None, icon: str, name: str) -> dict[str, Any]:
    own = {} if scheme is None else {"scheme": scheme}
    return {"media": media, **own, "toggle": {"icon": icon, "name": name}}
