"""The thread that writes: takes everything that was put, commits it as one transaction, says so, and takes the next.

While one commit waits for the disk, the next batch gathers (group commit), so a slow disk makes batches larger, not the
queue longer. The event loop only ever adds to the batch.

A commit that fails is told to those who wait for it, and tried again until it works: memory and disk come together
again when the disk comes back. What gathers meanwhile is the newest state of each record, and at most `MOST` records;
past that, changes are refused.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from tavernlink.errors import Unavailable
from tavernlink.store.pending import Batch, Change, Key, Row, statements

__all__ = ["MOST", "Writer", "reason_of", "write_batch"]

_log = logging.getLogger(__name__)

MOST = 100_000
"""Records that may wait to be written."""
_RETRY = 1.0  # seconds between tries of a disk that fails
_LAST_CHANCE = 5.0  # seconds that a stop waits for what is not written

Waiter = tuple[int, Callable[[], None], Callable[[Unavailable], None]]


def write_batch(connection: Connection, batch: Batch) -> None:
    """Write a batch and commit it."""
    with connection.begin():
        for statement, rows in statements(batch, connection.dialect.name):
            connection.execute(statement, rows)


class Writer:
    """One thread with one connection. Everything but `_run` and what it calls belongs to the event loop."""

    def __init__(self, engine: Engine, to_loop: Callable[[Callable[[], None]], object]) -> None:
        self._engine = engine
        self._to_loop = to_loop
        self._changed = threading.Condition()
        self._next = Batch()
        self._under_way = Batch()
        self._put = 0
        """Changes taken so far."""
        self._written = 0
        """Of those, how many are on disk."""
        self._waiters: deque[Waiter] = deque()
        self._stopping = False
        self.trouble: Unavailable | None = None
        """Why nothing can be kept just now; None while all is well."""
        self._thread = threading.Thread(target=self._run, name="tavernlink-store", daemon=True)
        self._thread.start()

    def add(self, table: Table, key: Key, change: Change) -> None:
        """Have one change written. Raises `storage_failed` where too many wait already."""
        with self._changed:
            if self._next.count >= MOST and not self._next.has(table, key):
                raise self.trouble or Unavailable("storage_failed")
            self._next.add(table, key, change)
            self._put += 1
            self._changed.notify()

    def after(self, call: Callable[[], None], failed: Callable[[Unavailable], None]) -> None:
        """Call back on the loop when everything added before is on disk, or when the disk refused it."""
        if self._written == self._put and not self._waiters:
            call()
        else:
            self._waiters.append((self._put, call, failed))
            if self.trouble is not None:
                self._fail_waiters(self._put, self.trouble)

    def over(self, table: Table) -> Callable[[dict[Key, Row]], None]:
        """Return what brings rows of a table up to date that are read after this call."""
        with self._changed:
            batch = Batch()
            batch.add_all(self._under_way)
            batch.add_all(self._next)
        return lambda rows: batch.over(table, rows)

    def stop(self) -> None:
        """Write what waits, and end the thread. A disk that fails is not waited for longer than a few seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout=_LAST_CHANCE + 10)

    # On the writer's thread

    def _run(self) -> None:
        connection: Connection | None = None
        last_tries = int(_LAST_CHANCE / _RETRY)
        while (upto := self._take()) is not None:
            try:
                connection = connection or self._engine.connect()
                write_batch(connection, self._under_way)
            except (SQLAlchemyError, OSError) as error:
                self._report_failure(upto, error)
                if connection is not None and _is_of_a_record(error):
                    self._drop_bad(connection)
                    if not self._under_way.count:
                        self._tell(self._committed, upto)
                    continue
                _log.error("The hub's data cannot be written: %s", reason_of(error))
                if connection is not None:
                    _let_go(connection)
                    connection = None
                last_tries -= self._pause()
                if last_tries <= 0:
                    _log.error("%d records were not written before the hub stopped.", self._under_way.count)
                    return
            else:
                with self._changed:
                    self._under_way = Batch()
                self._tell(self._committed, upto)
        if connection is not None:
            connection.close()

    def _pause(self) -> bool:
        """Wait before the next try; True if the hub is stopping."""
        with self._changed:
            before = self._stopping
            self._changed.wait_for(lambda: self._stopping is not before, timeout=_RETRY)
            return self._stopping

    def _take(self) -> int | None:
        """Wait for something to write; return up to which change it goes, or None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._next.count or self._under_way.count or self._stopping)
            self._under_way.add_all(self._next)  # beside what failed before
            self._next = Batch()
            return self._put if self._under_way.count else None

    def _drop_bad(self, connection: Connection) -> None:
        """Take out of the batch what the database will never take; the rest is tried again."""
        left = Batch()
        for table, changes in self._under_way.changes.items():
            for key, change in changes.items():
                one = Batch()
                one.add(table, key, change)
                try:
                    write_batch(connection, one)
                except (SQLAlchemyError, OSError) as error:
                    if _is_of_a_record(error):
                        _log.error(
                            "A record of %r cannot be kept and is dropped: %s", table.name, reason_of(error)
                        )
                    else:
                        left.add(table, key, change)
        with self._changed:
            self._under_way = left

    def _report_failure(self, upto: int, error: Exception) -> None:
        trouble = Unavailable("storage_failed", details={"reason": reason_of(error)})
        self._tell(self._failed, upto, trouble)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        try:
            self._to_loop(lambda: call(*arguments))
        except RuntimeError:
            _log.debug("The event loop is gone")

    # Back on the loop

    def _committed(self, upto: int) -> None:
        if self.trouble is not None:
            _log.warning("The hub's data can be written again.")
        self.trouble = None
        self._written = max(self._written, upto)
        while self._waiters and self._waiters[0][0] <= self._written:
            _call(self._waiters.popleft()[1])

    def _failed(self, upto: int, trouble: Unavailable) -> None:
        self.trouble = trouble
        self._fail_waiters(upto, trouble)

    def _fail_waiters(self, upto: int, trouble: Unavailable) -> None:
        while self._waiters and self._waiters[0][0] <= upto:
            _call(self._waiters.popleft()[2], trouble)


def reason_of(error: Exception) -> str:
    """What the database said, in one line; without the record, which the further lines may show."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _call(waiter: Callable[..., None], *arguments: object) -> None:
    try:
        waiter(*arguments)
    except Exception:  # noqa: BLE001 (the others wait too)
        _log.exception("What waited for the disk failed")


def _is_of_a_record(error: Exception) -> bool:
    """True where the database refused what was to be written, not the writing itself."""
    if isinstance(error, DataError | IntegrityError):
        return True
    return isinstance(error, StatementError) and not isinstance(error, DBAPIError)


def _let_go(connection: Connection) -> None:
    try:
        connection.invalidate()
        connection.close()
    except SQLAlchemyError:
        _log.debug("A broken connection was dropped")
