"""The documentation site: it builds without a warning, all its links hold, and it needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import scripts.docs.build as builder
from scripts.docs.build import SITE, DocsError, build_if_stale, built_digest, sources_digest
from scripts.docs.tree import CHINESE, ENGLISH, Tree, read_tree
from tavernlink.protocol.catalogue import CATALOGUE
from tests.docs.site import Page, pages, read, target
from tests.http.house import House, open_house

pytestmark = [pytest.mark.xdist_group("documents"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module", autouse=True)
def site() -> Path:
    """The site of this checkout; a warning while it is built ends the tests here."""
    build_if_stale()
    return SITE


def test_what_is_built_is_fresh_and_is_not_built_again() -> None:
    assert built_digest() == sources_digest()
    assert build_if_stale() is False


def test_every_link_and_anchor_leads_somewhere() -> None:
    lost = []
    for page in pages():
        for link in (*read(page).links, *read(page).loads):
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            there, anchor = target(page, link)
            name = page.relative_to(SITE).as_posix()
            if not there.is_file() or not there.is_relative_to(SITE):
                lost.append(f"{name}: {link}")
            elif anchor and there.suffix == ".html" and anchor not in read(there).anchors:
                lost.append(f"{name}: {link} (no such anchor)")
    assert lost == []
    assert len(pages()) > 400


def test_links_to_elsewhere_are_addresses_of_the_web() -> None:
    wrong = set()
    for page in pages():
        for link in read(page).links:
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                parts = urlsplit(link)
                is_address = parts.scheme in ("https", "http") and re.fullmatch(
                    r"(localhost|127\.0\.0\.1|[\w-]+(\.[\w-]+)+)(:\d+)?", parts.netloc
                )
                if not is_address:
                    wrong.add(f"{page.relative_to(SITE).as_posix()}: {link}")
    assert wrong == set()


def test_pages_load_nothing_from_elsewhere() -> None:
    loads = {load for page in pages() for load in read(page).loads}
    assert [load for load in loads if "//" in load] == []
    for style in SITE.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert re.findall(r"@import|url\(['\"]?(?:https?:)?//", text) == [], style
    everything = "".join(page.read_text(encoding="utf-8") for page in pages()[:40])
    assert "fonts.g" not in everything
    assert 'class="mermaid"' not in everything


def test_both_languages_have_every_page_and_each_leads_to_the_other() -> None:
    def places(root: Path) -> set[str]:
        return {page.relative_to(root).as_posix() for page in root.rglob("*.html")}

    chinese = places(SITE / CHINESE)
    assert chinese == {place for place in places(SITE) if not place.startswith("zh/")}
    for place in chinese:
        page = SITE / place
        assert any(target(page, link)[0] == SITE / CHINESE / place for link in read(page).links), place


def test_there_is_a_page_for_each_message() -> None:
    for name in CATALOGUE:
        assert (SITE / "protocol" / "messages" / f"{name}.html").is_file(), name


def test_both_searches_know_the_pages() -> None:
    for root, word in ((SITE, "reconnect"), (SITE / CHINESE, "扩展")):
        index = json.loads((root / "search.json").read_text(encoding="utf-8"))
        assert len(index["items"]) > 200
        assert any(word in json.dumps(item, ensure_ascii=False) for item in index["items"]), word


def test_a_loose_end_ends_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_page(_: str) -> object:
        tree = Tree()
        tree["index.md"] = "# Home\n\n[Nowhere](nowhere.md)\n"
        tree["images/icon.svg"] = SITE / "images" / "icon.svg"
        return tree

    monkeypatch.setattr(builder, "_WORK", tmp_path / "work")
    monkeypatch.setattr(builder, "SITE", tmp_path / "_docs")
    monkeypatch.setattr(builder, "STAMP", tmp_path / "_docs" / "build.json")
    monkeypatch.setattr(builder, "read_tree", one_page)
    with pytest.raises(DocsError, match="page does not exist"):
        builder.build_if_stale()
    assert not (tmp_path / "_docs").exists()


def test_a_site_that_another_build_put_there_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "SITE", tmp_path / "_docs")
    monkeypatch.setattr(builder, "STAMP", tmp_path / "_docs" / "build.json")

    def site(name: str, sources: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "build.json").write_text(json.dumps({"sources": sources}), encoding="utf-8")
        (folder / name).touch()
        return folder

    site("_docs", "today's")
    builder._put(site("second", "today's"), "today's")
    assert (tmp_path / "_docs" / "_docs").exists()
    builder._put(site("third", "tomorrow's"), "tomorrow's")
    assert (tmp_path / "_docs" / "third").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_docs", "second"]


def test_english_is_the_text_of_a_page_that_has_no_chinese() -> None:
    chinese, english = read_tree(CHINESE), read_tree(ENGLISH)
    lost = [name for name in english.pages if name not in chinese]
    assert lost == []
    note = "这一页还没有中文版"
    noted = [name for name in chinese.pages if note in str(chinese[name])]
    assert all(not (SITE.parents[2] / "docs" / "zh" / name).exists() for name in noted)


async def test_the_hub_shows_the_pages_under_docs() -> None:
    of_each_folder = {page.parent: page for page in pages()}.values()
    assert len(of_each_folder) > 20
    async with open_house() as house, house.http(None) as http:
        for page in of_each_folder:
            plain = {"accept-encoding": "identity"}
            answer = await http.get(f"/docs/{page.relative_to(SITE).as_posix()}", headers=plain)
            assert answer.status_code == 200, page
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.content == page.read_bytes()
        await _look_around(house, http)


async def _look_around(house: House, http: httpx.AsyncClient) -> None:
    start = await http.get("/docs", follow_redirects=True)
    assert str(start.url) == f"{house.url}/docs/"
    assert start.headers["content-encoding"] == "gzip"
    policy = start.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "unsafe" not in policy.partition("style-src")[0]
    again = await http.get("/docs/", headers={"if-none-match": start.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    chinese = await http.get("/docs/zh", follow_redirects=True)
    assert str(chinese.url) == f"{house.url}/docs/zh/"
    plain = await http.get("/docs/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    found: Page = read(SITE / "index.html")
    for load in found.loads:
        answer = await http.get(f"/docs/{load.removeprefix('./')}")
        assert answer.status_code == 200, load
        if re.search(r"\.min\.(js|css)$", load):
            assert "immutable" in answer.headers["cache-control"]
    for path in (
        "/docs/nothing",
        "/docs/../pyproject.toml",
        "/docs/%2e%2e/version.py",
        "/docs/..%2fversion.py",
    ):
        lost = await http.get(path)
        assert lost.status_code in (401, 404), path
        assert "error" in lost.json()
    page = await http.get("/docs/zh/nothing", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert 'href="../zh/index.html"' in page.text
    assert (await http.head("/docs/")).status_code == 200
