"""The writer: a thread that commits in batches, says when, and says when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import Column, Connection, MetaData, String, Table, create_engine
from sqlalchemy.exc import OperationalError

import tavernlink.store.writer as writer_module
from tavernlink.core.access.keys import Key
from tavernlink.errors import Unavailable
from tavernlink.store import Database, open_store
from tavernlink.store.pending import Batch
from tavernlink.store.shelf import TableShelf
from tests.store.postgresql import PostgreSQL

KEY = Key(id="k", role="app", name="bot", digest=bytes(32), created=1.0)


NOTES = Table(
    "notes",
    MetaData(),
    Column("place", String(20), primary_key=True),
    Column("text", String(20), nullable=False),
)


class Note(msgspec.Struct, frozen=True):
    place: str
    text: str | None


def notes(store: Database) -> TableShelf[Note]:
    return TableShelf(store, NOTES, Note)


def note(text: str, place: str = "s") -> Note:
    return Note(place, text)


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    store = open_store(url)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    NOTES.create(engine)
    engine.dispose()
    yield store
    store.close()


@pytest_asyncio.fixture
async def running(store: Database) -> AsyncIterator[Database]:
    start(store)
    yield store


def start(store: Database) -> None:
    loop = asyncio.get_running_loop()
    store.start(loop.call_soon_threadsafe)


async def commit(store: Database) -> Unavailable | None:
    """Wait until everything is on disk; return the error where it is not."""
    done: asyncio.Future[Unavailable | None] = asyncio.get_running_loop().create_future()
    store.after_commit(lambda: done.set_result(None), done.set_result)
    async with asyncio.timeout(30):
        return await done


async def recovered(store: Database) -> None:
    """Wait until the disk takes what it refused."""
    async with asyncio.timeout(30):
        while True:
            if await commit(store) is None:
                return
            await asyncio.sleep(0.01)


class Disk:
    """Stands before the writing of a batch: can hold it, break it, and counts."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.open = threading.Event()
        self.open.set()
        self.broken = False
        self.asked = threading.Event()

    def write(self, connection: Connection, batch: Batch) -> None:
        self.asked.set()
        assert self.open.wait(30)
        if self.broken:
            raise OperationalError("INSERT", {}, OSError("No space left on device"))
        self.batches.append(batch.count)
        _write(connection, batch)


_write = writer_module.write_batch


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(writer_module, "write_batch", disk.write)
    monkeypatch.setattr(writer_module, "_RETRY", 0.02)
    yield disk
    disk.open.set()


async def test_what_was_committed_is_what_another_process_reads(running: Database, url: str) -> None:
    notes(running).put(note("one"))
    notes(running).put(note("two"))
    notes(running).put(note("else", place="other"))
    notes(running).remove("other")
    assert await commit(running) is None
    other = open_store(url)
    assert notes(other).load() == [note("two")]
    other.close()


async def test_while_one_commit_waits_for_the_disk_the_next_batch_gathers(
    running: Database, disk: Disk
) -> None:
    disk.open.clear()
    notes(running).put(note("first"))
    assert await asyncio.to_thread(disk.asked.wait, 30)
    for number in range(100):
        notes(running).put(note("chat", place=str(number)))
    told: list[str] = []
    running.after_commit(lambda: told.append("all"))
    assert told == []
    assert len(notes(running).load()) == 101  # what waits is seen by those who read
    disk.open.set()
    assert await commit(running) is None
    assert told == ["all"]
    assert disk.batches == [1, 100]


async def test_callbacks_come_in_order_and_at_once_when_nothing_waits(running: Database) -> None:
    told: list[int] = []
    for number in range(20):
        notes(running).put(note("chat", place=str(number)))
        running.after_commit(lambda number=number: told.append(number))  # type: ignore[misc]
    await commit(running)
    assert told == list(range(20))
    running.after_commit(lambda: told.append(99))
    assert told[-1] == 99


async def test_a_disk_that_fails_is_told_to_those_who_wait_and_is_tried_again(
    running: Database, disk: Disk, url: str
) -> None:
    disk.broken = True
    notes(running).put(note("kept later"))
    trouble = await commit(running)
    assert trouble is not None
    assert trouble.code == "storage_failed"
    assert "No space left" in trouble.details["reason"]
    assert running.trouble is not None
    notes(running).put(note("newest"))
    assert await commit(running) is not None  # at once: nothing is promised meanwhile
    disk.broken = False
    await recovered(running)
    other = open_store(url)
    assert notes(other).load() == [note("newest")]
    other.close()


async def test_more_than_enough_that_waits_is_refused(
    running: Database, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST", 3)
    disk.open.clear()
    notes(running).put(note("under way"))
    assert await asyncio.to_thread(disk.asked.wait, 30)
    for number in range(3):
        notes(running).put(note("waits", place=str(number)))
    notes(running).put(note("newer", place="2"))  # no further record
    with pytest.raises(Unavailable) as caught:
        notes(running).put(note("too many", place="3"))
    assert caught.value.code == "storage_failed"
    disk.open.set()
    assert await commit(running) is None


async def test_a_record_that_the_database_will_never_take_does_not_hold_up_the_others(
    running: Database, url: str
) -> None:
    notes(running).put(Note("bad", None))
    notes(running).put(note("good"))
    trouble = await commit(running)
    assert trouble is not None
    await recovered(running)
    other = open_store(url)
    assert notes(other).load() == [note("good")]
    other.close()


async def test_closing_writes_what_waits(store: Database, url: str, disk: Disk) -> None:
    start(store)
    disk.open.clear()
    notes(store).put(note("a"))
    notes(store).put(note("b", place="other"))
    closing = asyncio.create_task(asyncio.to_thread(store.close))
    disk.open.set()
    await closing
    other = open_store(url)
    assert len(notes(other).load()) == 2
    other.close()


async def test_only_keys_change_the_version_and_a_key_being_used_does_not(
    running: Database, url: str
) -> None:
    start = running.version()
    notes(running).put(note("a"))
    await commit(running)
    assert running.version() == start
    running.keys.put(KEY)
    await commit(running)
    after = running.version()
    assert after != start
    running.keys.set("k", last_used=5.0)
    running.keys.set("nobody", last_used=5.0)
    puts = running.puts
    await commit(running)
    assert (running.version(), running.puts) == (after, puts)
    assert running.keys.load() == [msgspec.structs.replace(KEY, last_used=5.0)]
    other = open_store(url)
    other.keys.put(msgspec.structs.replace(KEY, revoked=9.0))
    other.close()
    assert running.version() != after


async def test_a_use_that_is_written_late_does_not_undo_a_revocation(
    running: Database, disk: Disk, url: str
) -> None:
    running.keys.put(KEY)
    await commit(running)
    disk.asked.clear()
    disk.broken = True
    running.keys.set("k", last_used=5.0)
    assert await asyncio.to_thread(disk.asked.wait, 30)
    other = open_store(url)
    other.keys.put(msgspec.structs.replace(KEY, revoked=9.0))
    disk.broken = False
    await recovered(running)
    assert other.keys.load() == [msgspec.structs.replace(KEY, revoked=9.0, last_used=5.0)]
    other.close()


async def test_a_server_that_was_restarted_is_found_again(postgresql: PostgreSQL) -> None:
    url = postgresql.make_database()
    store = open_store(url)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    NOTES.create(engine)
    engine.dispose()
    start(store)
    notes(store).put(note("before"))
    assert await commit(store) is None
    known = store.version()
    await asyncio.to_thread(postgresql.stop)
    notes(store).put(note("after"))
    assert await commit(store) is not None
    assert store.version() == known
    await asyncio.to_thread(postgresql.start)
    await recovered(store)
    assert store.version() == known
    assert notes(store).load() == [note("after")]
    await asyncio.to_thread(store.close)
