"""The whole way once, on one machine and without an account: program → hub → tab → SillyTavern → model, and back.

    python -m tavernlink.demo.run [--once] [--json] [--port N] [--model-url URL [--model-key KEY] [--model-id ID]]
                                  [--data-dir DIR | --keep-data]

Everything that is started here ends with it: on Ctrl-C and SIGTERM by cleaning up, and when the process is killed
because its children notice that it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tavernlink.config import Settings
from tavernlink.demo.errors import DemoError
from tavernlink.demo.hub import RunningHub, open_hub
from tavernlink.demo.install import find_node
from tavernlink.demo.listener import is_free
from tavernlink.demo.model import MODEL_ID, Model
from tavernlink.demo.process import log_tail
from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.demo.stopping import cancelled_by_signals
from tavernlink.errors import TavernlinkError
from tavernlink.extension_files import extension_folder
from tavernlink.logs import set_up_logs
from tavernlink.sdk import connect
from tavernlink.tab import Tab, TabOptions, find_browser, run_forever

__all__ = ["DemoOptions", "main", "parser", "run_demo"]

_CHARACTER = "default_Seraphina.png"
_REPLY_SECONDS = 120.0
_SPEED = 25.0  # of the stand-in model: tokens per second that a person can follow


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the demo is to do."""

    once: bool = False
    """End after the reply."""
    json: bool = False
    """One JSON line on stdout when all is ready; everything else goes to stderr."""
    port: int | None = None
    """The hub's port; None takes the usual one, or a free one where that is taken."""
    model_url: str | None = None
    """A real model server (OpenAI-style, with `/v1`) instead of the stand-in."""
    model_key: str | None = None
    model_id: str | None = None
    data_dir: Path | None = None
    """Keep the data here; used again by the next run. None: a scratch folder."""
    keep_data: bool = False
    """Leave the scratch folder at the end."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything that runs."""

    hub: RunningHub
    tavern: SillyTavern
    model_url: str
    model: Model | None
    tab_options: TabOptions
    tab: Tab


async def run_demo(options: DemoOptions) -> int:
    """Run the demo until it is done (`once`) or told to end; the exit status. Errors are printed as sentences."""
    say = _Speaker(sys.stderr if options.json else sys.stdout)
    ready = False
    try:
        with cancelled_by_signals():
            async with _data(options, say) as data, _stage(options, data, say) as stage:
                await _ask(stage, say)
                ready = True
                _show(stage, options, say)
                if not options.once:
                    await _stay(stage, say)
    except asyncio.CancelledError:
        if not ready:
            say("\nThe demo was stopped before it was ready.")
            return 130
        say("\nThe demo has ended.")
    except TavernlinkError as error:
        say(f"\nThe demo failed: {error.message}")
        return 1
    return 0


class _Speaker:
    """Prints lines and pieces of lines for a person."""

    def __init__(self, out: Any) -> None:
        self._out = out

    def __call__(self, line: str = "", *, end: str = "\n") -> None:
        print(line, end=end, file=self._out, flush=True)


@contextlib.asynccontextmanager
async def _data(options: DemoOptions, say: _Speaker) -> AsyncIterator[Path]:
    data = (
        options.data_dir.resolve() if options.data_dir else Path(tempfile.mkdtemp(prefix="tavernlink-demo-"))
    )
    try:
        yield data
    finally:
        if options.data_dir or options.keep_data:
            say(f"The demo's data is in {data}")
        else:
            await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)


@contextlib.asynccontextmanager
async def _stage(options: DemoOptions, data: Path, say: _Speaker) -> AsyncIterator[_Stage]:
    """Start everything; what can be told to be missing is looked for before the first slow step."""
    extension, browser = extension_folder(), find_browser()
    find_node()
    async with contextlib.AsyncExitStack() as stack:
        hub_log = data / "hub" / "hub.log"
        stack.enter_context(_log_to(hub_log))
        hub = await stack.enter_async_context(open_hub(data / "hub", port=_hub_port(options)))
        say(f"The hub listens on {hub.url}")
        model = None
        if options.model_url:
            model_url, model_id = options.model_url, await _model_id(options)
            say(f"The model is {model_id} on {model_url}")
        else:
            model = await stack.enter_async_context(Model(speed=_SPEED))
            model_url, model_id = model.url, MODEL_ID
            say(f"A stand-in model answers on {model_url}")
        tavern = await stack.enter_async_context(
            SillyTavern(data / "sillytavern", extension=extension, progress=say)
        )
        say(f"SillyTavern runs on {tavern.url}")
        tab_options = TabOptions(
            url=tavern.url,
            hub=hub.url,
            key=hub.tavern_key,
            name="demo",
            character=_CHARACTER,
            model_url=model_url,
            model_key=options.model_key,
            model_id=model_id,
            profile=data / "profile",
            browser=browser,
        )
        try:
            tab = await stack.enter_async_context(Tab(tab_options, report=say))
        except TavernlinkError as error:
            raise DemoError(error.code, f"{error.message}\n{_logs(tavern.log, hub_log)}") from error
        say(f"A headless tab is open and connected ({browser.name})\n")
        yield _Stage(hub, tavern, model_url, model, tab_options, tab)


@contextlib.contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Write the log of this process to a file as a hub writes its own: the console shows it, secrets are cut out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        set_up_logs("info", "json", file)
        try:
            yield
        finally:
            set_up_logs("warning")


def _hub_port(options: DemoOptions) -> int:
    usual = Settings().port
    if options.port is not None:
        return options.port
    return usual if is_free(usual) else 0


async def _model_id(options: DemoOptions) -> str:
    """The model to ask for: the one that was named, or the first that the server offers."""
    if options.model_id:
        return options.model_id
    headers = {"Authorization": f"Bearer {options.model_key}"} if options.model_key else {}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=20) as client:
            response = await client.get(f"{str(options.model_url).rstrip('/')}/models")
            response.raise_for_status()
            return str(response.json()["data"][0]["id"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise DemoError(
            "hub_failed",
            f"The model server at {options.model_url} did not tell its models ({type(error).__name__}: {error}). "
            "Check --model-url (it mostly ends in /v1) and --model-key, or name a model with --model-id.",
        ) from error


async def _ask(stage: _Stage, say: _Speaker) -> None:
    """Send one message from an outside program and follow the reply. Raises DemoError unless the whole way worked."""
    marker = f"lantern-{secrets.token_hex(3)}"
    question = f"Hello from an outside program! The word of the day is {marker}."
    say(f"You: {question}")
    pieces = 0
    try:
        async with (
            asyncio.timeout(_REPLY_SECONDS),
            connect(stage.hub.url, stage.hub.app_key, name="demo") as hub,
        ):
            reply = hub.tavern("demo").send(question)
            say("Seraphina: ", end="")
            async for delta in reply:
                say(delta, end="")
                pieces += 1
            say()
            result = await reply
    except TimeoutError:
        say()
        raise DemoError("reply_failed", f"No whole reply came within {_REPLY_SECONDS:.0f} s.") from None
    if not result.text.strip():
        raise DemoError("reply_failed", "The reply is empty.")
    if stage.model is None:
        return
    if marker not in result.text:
        raise DemoError("reply_failed", f"The reply does not belong to the question: {marker} is not in it.")
    if not any(marker in json.dumps(seen.body) for seen in stage.model.requests):
        raise DemoError(
            "reply_failed", f"The question never reached the model: {marker} is in none of its prompts."
        )
    if pieces < 2:
        raise DemoError("reply_failed", "The reply came in one piece; it was not streamed.")


def _show(stage: _Stage, options: DemoOptions, say: _Speaker) -> None:
    hub = stage.hub
    if options.json:
        facts = {
            "hub": hub.url,
            "app_key": hub.app_key,
            "admin_key": hub.admin_key,
            "tavern_key": hub.tavern_key,
            "sillytavern": stage.tavern.url,
            "sillytavern_data": str(stage.tavern.data),
            "model": stage.model_url,
        }
        print(json.dumps(facts), flush=True)
    if options.once:
        say("\nThe whole way works: program → hub → tab → SillyTavern → model, and back.")
        return
    body = {"model": "default", "stream": True, "messages": [{"role": "user", "content": "Hello Seraphina!"}]}
    say(
        f"""
  Console       {hub.url}/
  OpenAI API    {hub.url}/v1
  REST API      {hub.url}/api/schema
  SillyTavern   {stage.tavern.url}
  App key       {hub.app_key}
  Admin key     {hub.admin_key}
  Tavern key    {hub.tavern_key}

Try it from another terminal:

  curl -N {hub.url}/v1/chat/completions -H 'Authorization: Bearer {hub.app_key}' \\
    -H 'Content-Type: application/json' -d '{json.dumps(body)}'

Ctrl-C ends everything."""
    )


async def _stay(stage: _Stage, say: _Speaker) -> None:
    """Keep the tab open until the task is cancelled."""
    reason = await stage.tab.wait_lost()
    say(f"The tab is gone ({reason}); opening it again.")
    with contextlib.suppress(TavernlinkError):
        await stage.tab.close()
    await run_forever(stage.tab_options, report=say)


def _logs(*paths: Path) -> str:
    return "\n".join(f"The end of {path}:\n{log_tail(path, 12)}" for path in paths)


def parser() -> argparse.ArgumentParser:
    """The command line of the demo."""
    made = argparse.ArgumentParser(
        prog="tavernlink demo", description="The whole way once, without an account."
    )
    made.add_argument(
        "--once", action="store_true", help="end after the reply; status 0 only if the whole way worked"
    )
    made.add_argument(
        "--json", action="store_true", help="one JSON line with addresses and keys on stdout when ready"
    )
    made.add_argument(
        "--port", type=int, help="the hub's port (default: 8001, or a free one where that is taken)"
    )
    made.add_argument(
        "--model-url", help="a real OpenAI-style model server, with /v1, instead of the stand-in"
    )
    made.add_argument("--model-key", help="its API key")
    made.add_argument("--model-id", help="the model to ask for (default: the first that the server offers)")
    kept = made.add_mutually_exclusive_group()
    kept.add_argument("--data-dir", type=Path, help="keep the data here and use it again the next time")
    kept.add_argument("--keep-data", action="store_true", help="leave the scratch data at the end")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the demo from the command line; the exit status."""
    return asyncio.run(run_demo(DemoOptions(**vars(parser().parse_args(arguments)))))


if __name__ == "__main__":
    sys.exit(main())
