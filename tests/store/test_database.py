"""The store on a real database: a SQLite file, and a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

import tavernlink.store.database as database_module
from tavernlink.core.access.keys import Keyring
from tavernlink.core.work.bindings import Binding, Bindings
from tavernlink.errors import AuthError
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.store import Database, open_store
from tavernlink.store.tables import metadata


def keyring(store: Database) -> Keyring:
    return Keyring(store, SystemClock(), SystemIds())


def test_keys_outlive_the_process_and_their_secret_is_not_in_the_file(url: str, tmp_path: Path) -> None:
    first = open_store(url)
    _, text = keyring(first).create("app", "bot")
    first.close()
    second = open_store(url)
    assert keyring(second).verify(text).name == "bot"
    second.close()
    secret = text.rsplit("_", 1)[1].encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_change_by_another_process_is_seen(store: Database, url: str) -> None:
    ours = keyring(store)
    assert ours.listed() == []
    other = open_store(url)
    _, text = keyring(other).create("app", "bot")
    assert ours.verify(text).name == "bot"
    keyring(other).revoke("bot")
    with pytest.raises(AuthError) as caught:
        ours.verify(text)
    assert caught.value.code == "key_revoked"
    other.close()


def test_a_binding_is_replaced_and_belongs_to_one_key(store: Database) -> None:
    bindings = Bindings(store.bindings)
    first = Binding(key_id="k1", session="s", tavern_id="t", character="a.png", chat_id="chat 1")
    second = msgspec.structs.replace(first, chat_id="chat 2")
    bindings.put(first)
    bindings.put(second)
    assert Bindings(store.bindings).find("k1", "s") == second
    assert bindings.find("k2", "s") is None
    store.bindings.remove("k1", "s")
    assert store.bindings.load() == []


def test_opening_again_migrates_nothing_and_loses_nothing(url: str) -> None:
    first = open_store(url)
    keyring(first).create("admin", "a")
    first.close()
    again = open_store(url)
    assert len(again.keys.load()) == 1
    again.close()


def test_the_migrations_end_at_head_and_make_the_tables_that_the_code_names(
    store: Database, url: str
) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == database_module.HEAD
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    found = inspect(engine)
    for table in metadata.sorted_tables:
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.columns.keys())
    engine.dispose()
