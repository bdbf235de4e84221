"""The examples that stand between a network of chats and a character, each against a stand-in of the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.hub_log import log_to
from tests.sdk.house import House

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
SECRETS = {"DISCORD_TOKEN": "token", "TELEGRAM_TOKEN": "token", "MATRIX_PASSWORD": "password"}
MATRIX = {"MATRIX_SERVER": "https://matrix.example", "MATRIX_USER": "@bot:matrix.example"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with log_to(folder / "hub.log"), House(folder) as house:
        yield house


def environment(house: House, **more: str) -> dict[str, str]:
    there = {"TAVERNLINK_URL": house.hub.url, "TAVERNLINK_KEY": house.hub.app_key, "CHARACTER": "Seraphina"}
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    stand_ins = {"PYTHONPATH": str(HERE / "stand_ins")}
    return {**kept, **stand_ins, **there, **SECRETS, **MATRIX, **more}


class Program:
    """A bot that runs: what its network says goes in, what it sends comes out, a line of JSON each."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hear(self, **said: Any) -> None:
        self.say(json.dumps(said))

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def sent(self) -> Any:
        return json.loads(self.line())


@contextlib.contextmanager
def running(house: House, name: str, *arguments: str, **more: str) -> Iterator[Program]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env=environment(house, **more)
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


def last_turn(house: House) -> tuple[str, str, str, str]:
    args = [each["args"] for each in house.tavern.commands if each["name"] == "session.turn"][-1]
    return args["name"], args["as"], args["text"], args["character"]


def test_discord(house: House) -> None:
    with running(house, "discord_bot.py") as bot:
        assert bot.line().startswith("Listening as ")
        bot.hear(id=10, channel=7, name="Ann", text="nobody asked the bot")
        bot.hear(id=11, channel=7, name="Another bot", bot=True, text="<@1> me neither")
        bot.hear(id=12, channel=7, name="Ann", text="<@1> good morning")
        assert bot.sent() == {"channel": 7, "text": "You said: good morning "}
        assert last_turn(house) == ("discord-7", "Ann", "good morning", "s.png")
        bot.hear(id=13, channel=8, name="Bob", alone=True, text="x" * 2500)
        assert [bot.sent()["channel"], bot.sent()["channel"]] == [8, 8]


def test_telegram(house: House) -> None:
    with running(house, "telegram_bot.py") as bot:
        assert bot.sent() == {"listening": True}
        bot.hear(id=1, chat=-5, name="Ann Lee", text="hello there")
        assert bot.sent() == {"chat": -5, "text": "You said: hello there "}
        assert last_turn(house) == ("telegram--5", "Ann Lee", "hello there", "s.png")
        bot.hear(id=2, chat=-5, name="Ann Lee", text="/new")
        assert bot.sent()["chat"] == -5


def test_matrix(house: House) -> None:
    with running(house, "matrix_bot.py") as bot:
        assert bot.line() == "Listening as @bot:matrix.example."
        bot.hear(room="!a:x", invited="@bot:matrix.example")
        assert bot.sent() == {"joined": "!a:x"}
        bot.hear(room="!a:x", members=5, sender="@ann:x", id="$1", text="nobody asked the automaton")
        bot.hear(room="!a:x", members=5, sender="@ann:x", id="$2", text="Bot: good evening")
        assert bot.sent() == {"room": "!a:x", "text": "You said: Bot: good evening "}
        assert last_turn(house) == ("matrix-!a:x", "Ann", "Bot: good evening", "s.png")
        bot.hear(room="!b:x", sender="@ann:x", id="$3", text="alone")
        assert bot.sent() == {"room": "!b:x", "text": "You said: alone "}


def test_matrix_that_lets_nobody_in(house: House) -> None:
    command = [sys.executable, str(EXAMPLES / "matrix_bot.py")]
    there = environment(house, MATRIX_PASSWORD="wrong")
    done = subprocess.run(command, capture_output=True, text=True, env=there, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (1, "Matrix does not let the bot in: Forbidden\n")


class OneBot:
    """A OneBot program: it tells what is said in QQ, and carries out what the bot asks."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def tell(self, message: Any, **more: Any) -> None:
        event = {"post_type": "message", "self_id": 1000, "user_id": 20, "message": message}
        await self.socket.send(json.dumps({**event, "sender": {"nickname": "Ann", "card": ""}, **more}))

    async def asked(self) -> Any:
        frame = json.loads(await self.socket.recv())
        done = {"status": "ok", "retcode": 0, "data": {"message_id": 1}, "echo": frame["echo"]}
        await self.socket.send(json.dumps(done))
        return frame


async def test_qq(house: House) -> None:
    connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def connected(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.headers["Authorization"] == "Bearer secret"
        connections.put_nowait(socket)
        await socket.wait_closed()

    async with serve(connected, "127.0.0.1", 0, close_timeout=0.5) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with running(house, "qq_bot.py", ONEBOT_URL=f"ws://127.0.0.1:{port}", ONEBOT_TOKEN="secret") as bot:
            qq = OneBot(await connections.get())
            await qq.socket.send(json.dumps({"post_type": "meta_event", "meta_event_type": "heartbeat"}))
            text = {"type": "text", "data": {"text": " 早上好"}}
            await qq.tell([text], group_id=300, message_id=1, sender={"nickname": "安", "card": "小安"})
            at = {"type": "at", "data": {"qq": "1000"}}
            await qq.tell([at, text], group_id=300, message_id=2, sender={"nickname": "安", "card": "小安"})
            said = await qq.asked()
            assert said["action"] == "send_msg"
            assert said["params"] == {
                "group_id": 300,
                "message": [
                    {"type": "reply", "data": {"id": "2"}},
                    {"type": "text", "data": {"text": "You said: 早上好 "}},
                ],
            }
            assert last_turn(house) == ("qq-group-300", "小安", "早上好", "s.png")
            await qq.socket.close()
            qq = OneBot(await connections.get())  # it comes back by itself
            await qq.tell("[CQ:face,id=1]&#91;alone&#93;", message_id=3)
            said = await qq.asked()
            assert said["params"]["user_id"] == 20
            assert last_turn(house) == ("qq-20", "Ann", "[alone]", "s.png")
            assert await asyncio.to_thread(bot.line) == f"Listening at ws://127.0.0.1:{port}."
