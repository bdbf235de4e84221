"""The console's pages for the administrator in a browser: rules, settings, logs, the audit log, keys, navigation."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tavernlink.config import FILE_NAME
from tavernlink.demo.hub import RunningHub, open_hub
from tests.e2e.visitor import DARK_PHONE, check_looks, go, sign_in, visitor

_log = logging.getLogger("tavernlink.testing")


async def order_of(page: Page) -> list[str]:
    return await page.locator("main ol > li.card h2").all_inner_texts()


async def test_rules_are_made_checked_moved_tried_and_deleted_with_a_way_back(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_text(
        '[[routes]]\nid = "from-file"\ntypes = ["x.old"]\naction = "rename"\nas = "x.new"\n', "utf-8"
    )
    async with open_hub(tmp_path) as hub, visitor(browser, hub) as page:
        await sign_in(page, hub.admin_key)
        await go(page, "routes")
        cards = page.locator("main ol > li.card")
        await expect(cards).to_have_count(1)
        await expect(cards.first).to_contain_text("Changed in the settings file only.")

        await page.get_by_role("button", name="New rule").click()
        editor = page.get_by_role("form", name="New rule")
        await editor.get_by_label("Name", exact=True).fill("no-spoilers")
        await editor.get_by_label("Message types").fill("chat.send, x.say")
        await editor.get_by_label("What to do").select_option("drop")
        await editor.get_by_label("Only when").fill('role != "admin" &&\n  contend.text == "x"')
        await expect(editor.get_by_role("alert")).to_contain_text("line 2, column 3")
        await expect(editor.locator("pre")).to_have_text('  contend.text == "x"\n  ^')
        await expect(editor.get_by_role("status")).to_have_text("Not yet a rule.")
        await check_looks(page, "en-desktop-light-routes-wrong")
        await editor.get_by_label("Only when").fill('role != "admin" && content.text.contains("Snape")')
        await expect(editor.get_by_role("status")).to_have_text("The hub can use this rule.")
        await editor.get_by_label("Note").fill("No spoilers, please.")
        await editor.get_by_role("button", name="Make the rule").click()
        await expect(cards).to_have_count(2)

        for name, room in (("dice-log", "log"), ("mirror", "hall")):
            await page.get_by_role("button", name="New rule").click()
            await editor.get_by_label("Name", exact=True).fill(name)
            await editor.get_by_label("Message types").fill("x.dice.*")
            await editor.get_by_label("What to do").select_option("copy")
            await editor.get_by_label("Kind of target").select_option("room")
            await editor.get_by_label("Name of the target").fill(room)
            await editor.get_by_role("button", name="Make the rule").click()
            await expect(cards.filter(has_text=name)).to_be_visible()
        assert await order_of(page) == ["from-file", "no-spoilers", "dice-log", "mirror"]

        await page.get_by_role("button", name="Move mirror up").click()
        await expect(cards.nth(2)).to_contain_text("mirror")
        await page.get_by_role("button", name="Move no-spoilers up").focus()
        await page.keyboard.press("Enter")
        await expect(cards.first).to_contain_text("no-spoilers")
        await cards.filter(has_text="dice-log").drag_to(cards.first)
        await expect(cards.first).to_contain_text("dice-log")
        assert await order_of(page) == ["dice-log", "no-spoilers", "from-file", "mirror"]

        box = page.locator("form").filter(has_text="Test box")
        pasted = {"type": "x.dice.roll", "to": {"room": "table"}, "content": {"sides": 6}}
        await box.get_by_label("Content (JSON)").fill(json.dumps(pasted))
        await box.get_by_role("button", name="Try the rules").click()
        steps = box.locator("ol li")
        await expect(steps).not_to_have_count(0)
        assert [await steps.nth(at).locator("b").inner_text() for at in range(2)] == [
            "dice-log",
            "mirror",
        ]
        await expect(steps.first).to_contain_text("applies")
        await expect(box.locator("ul li")).to_have_count(3)

        await cards.first.get_by_role("button", name="Turn off").click()
        await expect(cards.first).to_contain_text("off")
        await cards.first.get_by_role("button", name="Edit").click()
        edit = page.get_by_role("form", name="Edit the rule")
        await edit.get_by_label("Note").fill("for the record")
        await edit.get_by_role("button", name="Save").click()
        await expect(cards.first).to_contain_text("for the record")
        await cards.first.get_by_role("button", name="Delete").click()
        await cards.first.get_by_role("button", name="Delete").click()
        await expect(cards).to_have_count(3)
        await page.get_by_role("button", name="Undo").click()
        await expect(cards.first).to_contain_text("for the record")


async def test_settings_are_changed_with_a_look_at_what_changes_and_no_secret_on_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_hub(tmp_path, log_format="json") as hub, visitor(browser, hub) as page:
        await sign_in(page, hub.admin_key)
        await go(page, "settings")
        await page.get_by_label("request_timeout").fill("600")
        await expect(page.locator("#setting-request_timeout")).to_contain_text("10 minutes")
        await page.get_by_label("max_payload").fill("2000000")
        await page.get_by_label("tavern_password").fill("hush, hush")
        await expect(page.locator("#setting-log_format")).to_contain_text("set on the command line")
        await expect(page.get_by_label("log_format")).to_be_disabled()
        await expect(page.locator(".bar")).to_contain_text("Changes: 3")

        page.once("dialog", lambda dialog: dialog.dismiss())
        await page.locator("nav a[href='#/keys']").click()
        await expect(page.locator("h1")).to_have_text("Settings")
        await expect(page.get_by_label("request_timeout")).to_have_value("600")

        await page.get_by_role("button", name="Review and save").click()
        review = page.locator("section").filter(has_text="What will change")
        await expect(review.locator("li")).to_have_count(3)
        await expect(review.locator("li").filter(has_text="request_timeout")).to_contain_text("at once")
        await expect(review.locator("li").filter(has_text="max_payload")).to_contain_text(
            "with the next start"
        )
        await expect(review.locator("li").filter(has_text="tavern_password")).not_to_contain_text("hush")
        await check_looks(page, "en-desktop-light-settings-review")
        await review.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("main")).to_contain_text("Restart the hub for: max_payload.")
        assert hub.server.settings.request_timeout == 600
        assert "hush" not in await page.content()
        await expect(page.locator("#setting-max_payload")).to_contain_text("waits for a restart")

        await page.get_by_label("base_path").fill("tavern/")
        await page.get_by_role("button", name="Review and save").click()
        await expect(page.locator("#setting-base_path").get_by_role("alert")).to_contain_text(
            "must read like"
        )
        await page.get_by_role("button", name="Discard").click()

        async with page.expect_download() as saving:
            await page.get_by_role("button", name="Save as TOML").click()
        text = (await (await saving.value).path()).read_text("utf-8")
        assert "request_timeout = 600" in text
        assert "hush" not in text
        file = tmp_path / "other.toml"
        file.write_text('request_timeout = 120\nlog_format = "human"\nqueue_length = 7\n', "utf-8")
        await page.locator("input[type=file]").set_input_files(file)
        review = page.locator("section").filter(has_text="What this file would change")
        await expect(review.locator("li")).to_have_count(2)
        await expect(review).to_contain_text("log_format")
        await review.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_label("queue_length")).to_have_value("7")
        assert hub.server.settings.queue_length == 7
        await page.locator("#setting-queue_length").get_by_role("button", name="back to the default").click()
        await page.get_by_role("button", name="Review and save").click()
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_label("queue_length")).to_have_value("100")


async def test_the_log_is_live_filtered_paused_kept_smooth_and_saved(
    browser: Browser, tmp_path: Path
) -> None:
    before = _log.level
    _log.setLevel(logging.DEBUG)
    try:
        async with open_hub(tmp_path) as hub:
            await walk_the_log(browser, hub)
    finally:
        _log.setLevel(before)


async def walk_the_log(browser: Browser, hub: RunningHub) -> None:
    async with visitor(browser, hub) as page:
        await sign_in(page, hub.admin_key)
        _log.warning("Before anybody looked")
        await go(page, "logs")
        view = page.get_by_role("region", name="Logs")
        await expect(view).to_contain_text("Before anybody looked")
        _log.warning({"event": "peer.odd", "peer": "a-17", "text": f"its key is {hub.app_key}"})
        await expect(view).to_contain_text("peer.odd")
        assert hub.app_key not in await page.content()
        await page.get_by_role("button", name="Pause").click()
        _log.error("While it was paused")
        await page.get_by_role("button", name="Go on (1 new)").click()
        await expect(view).to_contain_text("While it was paused")
        await page.get_by_label("Peer").fill("a-17")
        await expect(view.locator("li")).to_have_count(1)
        await view.locator("li button").click()
        await expect(page.get_by_role("region", name="The chosen line")).to_contain_text("a-17")
        await check_looks(page, "en-desktop-light-logs-line")
        await page.get_by_role("button", name="Close").click()
        await page.get_by_label("Peer").fill("")
        await page.get_by_label("Level").select_option("error")
        await expect(view.locator("li")).to_have_count(1)
        async with page.expect_download() as saving:
            await page.get_by_role("button", name="Save as text").click()
        saved = await saving.value
        assert saved.suggested_filename.endswith(".log")
        assert "While it was paused" in (await saved.path()).read_text("utf-8")

        await page.get_by_label("Level").select_option("debug")
        await expect(view).to_contain_text("Before anybody looked")
        for number in range(10_000):
            _log.info("line %s", number)
        await expect(view).to_contain_text("line 9999")
        await expect(page.locator("main .counts")).to_contain_text("too many to show")
        await page.get_by_role("button", name="Fetch them").click()  # what was too much to send
        await expect(view.locator("li").first).to_have_attribute("aria-setsize", "1000")
        for _ in range(8):
            count = await view.locator("li").first.get_attribute("aria-setsize")
            await view.evaluate("view => { view.scrollTop = 0; }")
            await expect(view.locator("li").first).not_to_have_attribute("aria-setsize", count or "")
        drawn = await view.locator("li").count()
        assert drawn < 100, f"of all lines {drawn} are in the page"
        frames = await view.evaluate(SCROLL)
        sys.stdout.write(f"The log, 60 frames of scrolling, in milliseconds: {frames}\n")
        await page.get_by_role("button", name="To the newest line").click()
        await expect(view).to_contain_text("line 9999")


SCROLL = """async (view) => {
    const times = [];
    let last = performance.now();
    for (let frame = 0; frame < 60; frame += 1) {
        view.scrollTop = (view.scrollHeight / 60) * frame;
        const now = await new Promise(requestAnimationFrame);
        times.push(now - last);
        last = now;
    }
    times.sort((a, b) => a - b);
    return { middle: times[30], worst: times[59] };
}"""


async def test_keys_are_narrowed_the_audit_log_is_live_and_every_page_is_within_reach(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_hub(tmp_path) as hub:
        keyring, audit = hub.server.runtime.core.keyring, hub.server.runtime.core.audit
        async with visitor(browser, hub) as page:
            await sign_in(page, hub.admin_key)
            await go(page, "keys")
            await page.get_by_role("textbox", name="Whose it is").fill("narrow bot")
            await page.locator("form summary").click()
            await page.get_by_role("checkbox", name="control").uncheck()
            await page.get_by_label("Only these SillyTaverns").fill("Home, Study")
            await check_looks(page, "en-desktop-light-keys-new")
            await page.get_by_role("button", name="Make the key").click()
            card = page.locator("main li.card").filter(has_text="narrow bot")
            await expect(card).to_contain_text("Home, Study")
            (made,) = keyring.named("narrow bot")
            assert "control" not in made.held
            assert "chat:read" in made.held
            await card.get_by_role("button", name="Revoke").click()
            await card.get_by_role("button", name="Revoke").click()
            await expect(card).to_have_count(0)
            await page.get_by_label("Show revoked and expired ones").check()
            await expect(card).to_contain_text("revoked")

            await go(page, "audit")
            await expect(page.locator("tbody tr").first).to_contain_text("key.revoked")
            audit.record("room.deleted", "hub", target="the old hall")
            await expect(page.locator("tbody tr").first).to_contain_text("the old hall")
        async with visitor(browser, hub, **DARK_PHONE) as page:
            await sign_in(page, hub.admin_key)
            menu = page.get_by_role("button", name="全部页面")
            await menu.click()
            await expect(menu).to_have_attribute("aria-expanded", "true")
            for each in await page.locator("nav a").all():
                await expect(each).to_be_in_viewport()
            await check_looks(page, "zh-phone-dark-navigation")
            await page.locator("nav a[href='#/audit']").click()
            await expect(menu).to_have_attribute("aria-expanded", "false")
            await expect(page.locator("nav a[href='#/audit']")).to_be_in_viewport()
        async with visitor(browser, hub) as page:
            await sign_in(page, hub.app_key)
            await expect(page.locator("nav a[href='#/webhooks']")).to_be_visible()
            for hidden in ("routes", "keys", "settings", "logs", "audit"):
                await expect(page.locator(f"nav a[href='#/{hidden}']")).to_have_count(0)
            await page.goto(f"{hub.url}/#/settings")
            await expect(page.locator("h1")).to_have_text("Overview")
