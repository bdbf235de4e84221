"""A real SillyTavern on scratch data: any number of servers side by side on free loopback ports.

    python -m tavernlink.demo.sillytavern install [--version 1.19.0 | --older]
    python -m tavernlink.demo.sillytavern run [--data DIR] [--port N] [--extension FOLDER | --no-extension]

SillyTavern's first start takes about half a minute (it copies its content and compiles its front-end libraries). That
is done once into a template in the cache; each scratch data folder is a copy of it and starts in a few seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tavernlink.demo import tavern_data
from tavernlink.demo.cache import locked
from tavernlink.demo.errors import DemoError
from tavernlink.demo.install import OLDER, VERSION, Progress, install
from tavernlink.demo.process import log_tail
from tavernlink.demo.server import ServerProcess
from tavernlink.errors import TavernlinkError
from tavernlink.extension_files import extension_folder

__all__ = ["VERSION", "SillyTavern", "prepare"]

_START_SECONDS = 180.0
_FIRST_START_SECONDS = 600.0  # compiles for half a minute of a whole processor, which it may have to share
_STILL_SECONDS = 15.0
_TEMPLATE = "template-2"  # count up when what is in it changes


def _silent(_line: str) -> None:
    pass


async def prepare(version: str = VERSION, *, progress: Progress = _silent) -> Path:
    """Install this version and run its first start once; the template's path. Done already: at once."""
    program = await install(version, progress=progress)
    home = program.parents[2]
    template = home / _TEMPLATE
    if template.is_dir():
        return template
    async with locked(
        home / "template.lock", waiting=lambda: progress("Another run prepares SillyTavern; waiting …")
    ):
        if template.is_dir():
            return template
        progress("Preparing SillyTavern's first start (once, about half a minute) …")
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=home))
        try:
            server = ServerProcess(program, partial)
            with _saying(lambda seconds: progress(f"  still preparing SillyTavern ({seconds:.0f} s)")):
                await server.start(0, limit=_FIRST_START_SECONDS)
                await _measure_pictures(server.port)
            await server.stop()
            await asyncio.to_thread(partial.rename, template)
        finally:
            await asyncio.to_thread(shutil.rmtree, partial, ignore_errors=True)
        progress("SillyTavern is prepared.")
    return template


async def _measure_pictures(port: int) -> None:
    """Have it look at its backgrounds once: a page asks for that, and each new data folder would pay seconds for it."""
    address = f"http://127.0.0.1:{port}"
    # A version that answers otherwise only loads its pages more slowly.
    with contextlib.suppress(httpx.HTTPError, ValueError, LookupError):
        async with httpx.AsyncClient(base_url=address, timeout=_FIRST_START_SECONDS, trust_env=False) as http:
            token = (await http.get("/csrf-token")).json()["token"]
            await http.post("/api/backgrounds/all", json={}, headers={"X-CSRF-Token": token})


@contextlib.contextmanager
def _saying(say: Callable[[float], None]) -> Iterator[None]:
    """Call `say` with the elapsed seconds now and then, so that a person sees that something goes on."""

    async def tell() -> None:
        for tick in count(1):
            await asyncio.sleep(_STILL_SECONDS)
            say(tick * _STILL_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


class SillyTavern:
    """A running server, as an async context manager.

    `data` is the data root: an empty or absent folder is filled from the template, a folder with data is used as it
    is. Without `data` it is a scratch folder that is deleted at the end, unless `keep` is set. `port=0` picks a free
    one. `extension` is the folder of the built extension; None installs none. With `settled=False` the first-run
    dialog and SillyTavern's own default settings are left as a newcomer finds them.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int = 0,
        extension: Path | None = None,
        version: str = VERSION,
        settled: bool = True,
        keep: bool = False,
        listen: bool = False,
        progress: Progress = _silent,
    ) -> None:
        self._scratch = data is None
        self.data = Path(tempfile.mkdtemp(prefix="tavernlink-st-")) if data is None else data.resolve()
        self._port = port
        self._extension = extension
        self._version = version
        self._settled = settled
        self._keep = keep
        self._listen = listen
        self._progress = progress
        self._server: ServerProcess | None = None

    @property
    def url(self) -> str:
        """Address of the running server, without a slash at the end."""
        if self._server is None:
            raise DemoError("sillytavern_failed", "SillyTavern is not running.")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def user_data(self) -> Path:
        """The user's folder in the data root: `chats`, `characters`, `settings.json`, …"""
        return self.data / tavern_data.USER

    @property
    def log(self) -> Path:
        """The server's output."""
        return self.data / "server.log"

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return log_tail(self.log, lines)

    async def start(self) -> None:
        """Fill the data folder where it is empty and start the server. Raises DemoError with the end of the log."""
        template = await prepare(self._version, progress=self._progress)
        await asyncio.to_thread(self._fill, template)
        program = await install(self._version, progress=self._progress)
        server = ServerProcess(program, self.data, listen=self._listen)
        await server.start(self._port, limit=_START_SECONDS)
        self._server = server

    async def stop(self) -> None:
        """Stop the server and delete scratch data."""
        if self._server:
            await self._server.stop()
            self._server = None
        if self._scratch and not self._keep:
            await asyncio.to_thread(shutil.rmtree, self.data, ignore_errors=True)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _fill(self, template: Path) -> None:
        if tavern_data.is_empty(self.data):
            tavern_data.copy_template(template, self.data)
            if self._settled:
                tavern_data.settle(self.data)
        if self._extension:
            tavern_data.add_extension(self.data, self._extension)


async def _run(options: argparse.Namespace) -> None:
    extension = None if options.no_extension else (options.extension or extension_folder())
    tavern = SillyTavern(
        options.data, port=options.port, extension=extension, version=options.version, progress=_to_stderr
    )
    async with tavern:
        print(tavern.url, flush=True)
        _to_stderr(f"SillyTavern runs on {tavern.url} with its data in {tavern.data}. Ctrl-C stops it.")
        await asyncio.Event().wait()


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tavernlink.demo.sillytavern", description="A scratch SillyTavern."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start a server and stay until Ctrl-C")
    run.add_argument("--data", type=Path, help="data root (default: a scratch folder, deleted at the end)")
    run.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    run.add_argument(
        "--extension", type=Path, help="folder of the built extension (default: this package's own)"
    )
    run.add_argument("--no-extension", action="store_true", help="leave the extension out")
    getting = commands.add_parser("install", help="install into the cache and print the folder")
    getting.add_argument("--older", action="store_true", help="the two releases before the newest instead")
    for command in (getting, run):
        command.add_argument("--version", default=VERSION, help="SillyTavern version on npm (%(default)s)")
    return parser


def main() -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args()
    try:
        if options.command == "install":
            for version in OLDER if options.older else (options.version,):
                asyncio.run(prepare(version, progress=_to_stderr))
                print(asyncio.run(install(version, progress=_to_stderr)))
        else:
            asyncio.run(_run(options))
    except KeyboardInterrupt:
        return 130
    except TavernlinkError as error:
        _to_stderr(error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
