"""A person's browser on a page of the product: signing in, going about, and a look that everybody can use the page.

Every test of the console begins with a `visitor`; the panel in SillyTavern and whatever else is drawn is held against
the same `flaws`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize, expect

from tavernlink.demo.hub import RunningHub

__all__ = ["DARK_PHONE", "SIZES", "artefacts", "check_looks", "flaws", "go", "sign_in", "visitor"]

_ROOT = Path(__file__).resolve().parents[2]
_AXE = _ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
_FLAWS = """async (where) => {
    const { violations } = await axe.run(where, { resultTypes: ['violations'] });
    return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}"""
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 800},
    "phone": {"width": 390, "height": 844},
}
DARK_PHONE: dict[str, Any] = {"size": "phone", "locale": "zh-CN", "color_scheme": "dark"}


def artefacts(area: str) -> Path:
    """Where the pictures of an area are kept."""
    folder = Path(os.environ.get("TAVERNLINK_ARTEFACTS", _ROOT / ".cache" / "artefacts")) / area
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.asynccontextmanager
async def visitor(
    browser: Browser, hub: RunningHub, *, size: str = "desktop", at: str = "", **options: Any
) -> AsyncIterator[Page]:
    """A person's browser on the console; anything that its page complains of fails the test."""
    context = await browser.new_context(**({"locale": "en-US", "viewport": SIZES[size]} | options))
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None
    )
    await page.goto(f"{hub.url}/{at}")
    yield page
    assert complaints == [], complaints
    await context.close()


async def sign_in(page: Page, key: str) -> None:
    await page.locator("input[type=password]").fill(key)
    await page.locator("form button.primary").click()
    await page.locator("nav").wait_for()


async def go(page: Page, name: str) -> None:
    """Open a page by its place in the navigation, which a phone folds."""
    link = page.locator(f"nav a[href='#/{name}']")
    await link.click()
    await expect(link).to_have_attribute("aria-current", "page")


async def flaws(page: Page, where: str = "html") -> list[str]:
    """What of this part would keep people from using it who cannot see it, or not well."""
    # Not as a tag, which the console's policy refuses, and rightly.
    await page.evaluate(f"() => {{ if (!window.axe) {{ {_AXE.read_text('utf-8')} }} }}")
    found: list[str] = await page.evaluate(_FLAWS, where)
    return found


async def check_looks(page: Page, name: str) -> None:
    """Keep a picture of the page, and hold it against what people need who cannot see it, or not well."""
    await page.screenshot(path=artefacts("console") / f"{name}.png")
    found = await flaws(page)
    assert found == [], f"{name}: {found}"
    wide = await page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    assert not wide, f"{name} scrolls sideways"
