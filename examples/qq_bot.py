"""A QQ bot over OneBot 11 (NapCat, LLOneBot, Lagrange, …): a character answers in groups and in private.

ONEBOT_URL=ws://127.0.0.1:3001 ONEBOT_TOKEN=… CHARACTER=Seraphina python examples/qq_bot.py

The OneBot program is the WebSocket server ("forward" or "正向" WebSocket). In groups the bot answers who mentions it
(@). Each group and each friend is a session: a SillyTavern chat of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

import tavernlink
from tavernlink.sdk import Hub

URL = os.environ.get("ONEBOT_URL", "ws://127.0.0.1:3001")
TOKEN = os.environ.get("ONEBOT_TOKEN", "")
CHARACTER = os.environ.get("CHARACTER", "Seraphina")
CODE = re.compile(r"\[CQ:(\w+)((?:,[^\],]+)*)\]")


def read(message: str | list[dict[str, Any]]) -> tuple[str, set[str]]:
    """Return the text of a message and whom it mentions; OneBot programs send segments or one text with CQ codes."""
    if isinstance(message, str):
        mentioned = {m[2].removeprefix(",qq=") for m in CODE.finditer(message) if m[1] == "at"}
        text = CODE.sub("", message)
        for code, plain in (("&#91;", "["), ("&#93;", "]"), ("&#44;", ","), ("&amp;", "&")):
            text = text.replace(code, plain)
        return text.strip(), mentioned
    text = "".join(each["data"]["text"] for each in message if each["type"] == "text")
    return text.strip(), {str(each["data"]["qq"]) for each in message if each["type"] == "at"}


async def answer(event: dict[str, Any], socket: ClientConnection, hub: Hub) -> None:
    text, mentioned = read(event["message"])
    group = event.get("group_id")
    if not text or (group is not None and str(event["self_id"]) not in mentioned):
        return
    sender = event.get("sender", {})
    try:
        reply = await hub.tavern("any").send(
            text,
            session=f"qq-group-{group}" if group is not None else f"qq-{event['user_id']}",
            character=CHARACTER,
            as_=sender.get("card") or sender.get("nickname") or str(event["user_id"]),
            request_id=f"qq-{event['self_id']}-{event['message_id']}",  # delivered twice, answered once
        )
        said = reply.text
    except tavernlink.TavernlinkError as error:
        said = f"({error.message})"
    whereto = {"group_id": group} if group is not None else {"user_id": event["user_id"]}
    quoted = {"type": "reply", "data": {"id": str(event["message_id"])}}
    message = [quoted, {"type": "text", "data": {"text": said}}]
    action = {"action": "send_msg", "params": {**whereto, "message": message}, "echo": event["message_id"]}
    await socket.send(json.dumps(action))


async def listen(socket: ClientConnection, hub: Hub) -> None:
    print(f"Listening at {URL}.", flush=True)
    async with asyncio.TaskGroup() as work:
        async for data in socket:
            frame = json.loads(data)
            if frame.get("post_type") == "message":
                work.create_task(answer(frame, socket, hub))
            elif frame.get("status") == "failed":
                print(f"OneBot refuses: {frame.get('message') or frame.get('wording')}", flush=True)


async def main() -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    async with tavernlink.connect(name="QQ", connect_timeout=None) as hub:
        async for socket in connect(URL, additional_headers=headers):  # connects again when the line drops
            try:
                await listen(socket, hub)
            except* OSError as lost:
                print(f"The line to OneBot was lost: {lost.exceptions[0]}", flush=True)


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
