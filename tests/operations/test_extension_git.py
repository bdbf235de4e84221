"""The extension as a git repository: cloned and updated by the clients that SillyTavern uses."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
from pathlib import Path

import httpx
import pytest

from tavernlink.app import Server
from tavernlink.config import Settings
from tavernlink.http.extension import git as extension_git
from tests.operations.conftest import OpenHub

pytestmark = pytest.mark.timeout(180)

PATH = "/extension/tavernlink.git"
WORKSPACE = Path(__file__).parents[2] / "js"
QUIET = {
    **os.environ,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "no_proxy": "*",
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built extension of two files, in the place of the real one."""
    folder = tmp_path / "build"
    (folder / "i18n").mkdir(parents=True)
    (folder / "manifest.json").write_text('{"version": "1"}')
    (folder / "hub.json").write_text("{}")
    (folder / "i18n" / "zh-cn.json").write_text('{"hello": "你好"}', encoding="utf-8")
    monkeypatch.setattr(extension_git, "extension_folder", lambda: folder)
    return folder


async def run(*command: str, cwd: Path | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=QUIET, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def git(*arguments: str, cwd: Path | None = None) -> str:
    return await run("git", *arguments, cwd=cwd)


async def test_git_clones_it_and_the_copy_knows_its_hub(
    open_hub: OpenHub, build: Path, tmp_path: Path
) -> None:
    house = await open_hub()
    copy = tmp_path / "copy"
    await git("clone", "--depth", "1", house.url + PATH, str(copy))
    assert json.loads((copy / "hub.json").read_text()) == {"url": house.url}
    assert (copy / "manifest.json").read_text() == '{"version": "1"}'
    assert json.loads((copy / "i18n" / "zh-cn.json").read_text("utf-8")) == {"hello": "你好"}
    assert (await git("status", "--short", "--branch", cwd=copy)).strip() == "## main...origin/main"
    await git("fsck", "--strict", cwd=copy)


async def test_a_shallow_copy_follows_each_new_build_by_a_fast_forward(build: Path, tmp_path: Path) -> None:
    often, seldom, late = (tmp_path / name for name in ("often", "seldom", "late"))
    data, port = tmp_path / "hub", 0
    async with Server(Settings(port=port, data_dir=data)) as hub:
        port, url = int(hub.url.rpartition(":")[2]), hub.url + PATH
        for copy in (often, seldom):
            await git("clone", "--depth", "1", url, str(copy))
    for version in ("2", "3"):
        (build / "manifest.json").write_text(f'{{"version": "{version}"}}')
        async with Server(Settings(port=port, data_dir=data)):
            # What SillyTavern's “Update” does.
            assert await pending(often) == 1
            await git("pull", "origin", "main", cwd=often)
            assert await pending(often) == 0
        assert json.loads((often / "manifest.json").read_text()) == {"version": version}
    async with Server(Settings(port=port, data_dir=data)):
        assert await pending(seldom) == 2
        await git("pull", "origin", "main", cwd=seldom)
        # What its dialog for branches asks of a copy that is cut off above the first build.
        await git("clone", "--depth", "1", url, str(late))
        assert (await git("rev-parse", "--is-shallow-repository", cwd=late)).strip() == "true"
        await git("fetch", "origin", "--unshallow", cwd=late)
    assert json.loads((seldom / "manifest.json").read_text()) == {"version": "3"}
    assert (await git("log", "--format=%h", cwd=late)).count("\n") == 3
    for copy in (often, seldom, late):
        await git("fsck", "--strict", cwd=copy)


async def pending(copy: Path) -> int:
    """How many builds the hub has that the copy has not."""
    await git("fetch", "origin", cwd=copy)
    return (await git("log", "--format=%h", "HEAD..origin/main", cwd=copy)).count("\n")


async def test_isomorphic_git_clones_it(open_hub: OpenHub, build: Path, tmp_path: Path) -> None:
    house = await open_hub()
    node = shutil.which("node")
    assert node is not None
    script = str(Path(__file__).with_name("isomorphic_clone.mjs"))
    await run(node, script, house.url + PATH, str(tmp_path / "copy"), str(WORKSPACE))
    assert json.loads((tmp_path / "copy" / "hub.json").read_text()) == {"url": house.url}


async def test_each_address_of_the_hub_has_a_history_of_its_own(
    open_hub: OpenHub, build: Path, tmp_path: Path
) -> None:
    house = await open_hub(trusted_proxies=["127.0.0.1"])
    prefixed = [
        "-c",
        "http.extraHeader=X-Forwarded-Prefix: /tavern",
        "-c",
        "http.extraHeader=X-Forwarded-Proto: https",
    ]
    forwarded = ["-c", "http.extraHeader=X-Forwarded-For: 10.0.0.9"]
    for name, headers in (("plain", []), ("proxied", [*prefixed, *forwarded])):
        await git(*headers, "clone", "--depth", "1", house.url + PATH, str(tmp_path / name))
    told = [json.loads((tmp_path / name / "hub.json").read_text())["url"] for name in ("plain", "proxied")]
    assert told == [house.url, house.url.replace("http:", "https:") + "/tavern"]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"nonsense", {}, "invalid_message"),
        (b"0009want\n", {}, "invalid_message"),
        (b"0032want " + b"0" * 40 + b"\n00000009done\n", {}, "invalid_message"),
        (b"no gzip", {"content-encoding": "gzip"}, "invalid_message"),
        (gzip.compress(b"0" * (2 << 20)), {"content-encoding": "gzip"}, "too_large"),
        (b"0000" * 20_000, {}, "invalid_message"),
    ],
)
async def test_what_is_not_gits_protocol_is_refused(
    open_hub: OpenHub, build: Path, body: bytes, headers: dict[str, str], code: str
) -> None:
    house = await open_hub()
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        refused = await http.post(f"{PATH}/git-upload-pack", content=body, headers=headers)
        assert refused.status_code in (400, 413), refused.text
        assert refused.json()["error"]["code"] == code
        assert (
            await http.get(f"{PATH}/info/refs", params={"service": "git-receive-pack"})
        ).status_code == 404
        assert (await http.post(f"{PATH}/git-receive-pack", content=b"0000")).status_code == 401
