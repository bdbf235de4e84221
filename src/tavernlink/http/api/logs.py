"""`/api/logs`: what the hub's log says, as an answer like every other or as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from tavernlink.controls import without_controls
from tavernlink.http.api.answers import ok
from tavernlink.http.caller import AsCaller
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.logs import LogLevel, LogLine, LogList, LogPage

__all__ = ["list_logs", "text_of"]

_PAGE: Final = 1_000


@get("/logs", tags=["hub"], summary="Lines of the hub's log, oldest first; secrets are cut out")
async def list_logs(
    *,
    caller: AsCaller,
    limit: Annotated[
        int | None,
        QueryParameter(
            ge=1, le=10_000, description="At most so many, the newest; 200, a file has all that are kept."
        ),
    ] = None,
    level: Annotated[LogLevel, QueryParameter(description="This one, and what is more serious.")] = "debug",
    logger: Annotated[str | None, QueryParameter(description="Glob, e.g. `tavernlink.*`.")] = None,
    contains: FromQuery[str | None] = None,
    since: Annotated[float | None, QueryParameter(description="Seconds since 1970.")] = None,
    before: Annotated[int | None, QueryParameter(description="Only lines with a smaller id.")] = None,
    format_: Annotated[
        Literal["json", "text", "jsonl"],
        QueryParameter(name="format", description="`text` and `jsonl` are files to download."),
    ] = "json",
) -> Response[Any]:
    """`log.list`; more than 1,000 lines are several of it."""
    most = limit or (200 if format_ == "json" else 10_000)
    query = LogList(level=level, logger=logger, contains=contains, since=since, before=before)
    page = await _pages(caller, query, most)
    if format_ == "json":
        return ok(page)
    write: Callable[[LogLine], bytes] = encode_json if format_ == "jsonl" else _text_bytes
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    ending = "jsonl" if format_ == "jsonl" else "log"
    return Response(
        b"".join(write(line) + b"\n" for line in page.lines),
        media_type="application/jsonl" if format_ == "jsonl" else "text/plain; charset=utf-8",
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="tavernlink-{now}.{ending}"',
        },
    )


async def _pages(caller: Any, query: LogList, most: int) -> LogPage:
    lines: list[LogLine] = []
    while True:
        wanted = min(_PAGE, most - len(lines))
        asked = msgspec.structs.replace(query, limit=wanted, before=lines[0].id if lines else query.before)
        page: LogPage = await caller.ask("log.list", asked)
        lines = [*page.lines, *lines]
        if not page.more or len(lines) >= most:
            return msgspec.structs.replace(page, lines=lines)


def text_of(line: LogLine) -> str:
    """Return a line as people read it; a traceback stands below it."""
    moment = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    facts = {name: fact for name, fact in line.facts.items() if name != "exception"}
    said = " ".join(
        f"{name}={_plain(fact) if isinstance(fact, str) else encode_json(fact).decode()}"
        for name, fact in facts.items()
    )
    whole = f"{moment} {line.level:<8} {line.logger} {_plain(line.text)} {said}".rstrip()
    exception = line.facts.get("exception")
    return whole if exception is None else f"{whole}\n{without_controls(str(exception))}"


def _plain(text: str) -> str:
    """Nobody's name may look like another line, or tell a terminal something."""
    return text if text.isprintable() else encode_json(text).decode()


def _text_bytes(line: LogLine) -> bytes:
    return text_of(line).encode()
