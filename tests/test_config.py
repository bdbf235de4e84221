"""Settings: which source goes first, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tavernlink.config import Settings, SettingsError, load_settings


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "tavernlink.toml").write_text('port = 1\nqueue_length = 2\nlog_level = "debug"\n')
    environ = {
        "TAVERNLINK_PORT": "3",
        "TAVERNLINK_QUEUE_LENGTH": "4",
        "TAVERNLINK_ALLOWED_ORIGINS": "https://a, https://b",
    }
    settings = load_settings({"port": 5, "host": None, "data_dir": tmp_path}, environ)
    assert (settings.port, settings.queue_length, settings.log_level, settings.host) == (
        5,
        4,
        "debug",
        "127.0.0.1",
    )
    assert settings.allowed_origins == ["https://a", "https://b"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("prot = 1", "prot"), ("port = 'x'", "port"), ("port = 70000", "port"), ("= 1", "tavernlink.toml")],
)
def test_a_wrong_settings_file_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "tavernlink.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings({"data_dir": tmp_path}, {})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "tavern.example"])
def test_an_address_that_others_reach_is_refused_without_tls_or_a_clear_word(
    tmp_path: Path, host: str
) -> None:
    with pytest.raises(SettingsError, match="without TLS"):
        load_settings({"host": host, "data_dir": tmp_path}, {})
    load_settings({"host": host, "data_dir": tmp_path, "allow_insecure_bind": True}, {})


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both"):
        load_settings({"data_dir": tmp_path, "tls_key": tmp_path / "k"}, {})


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("https://tavern.example", True),
        ("https://evil.example", False),
        ("https://tavern.example.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("null", False),
        ("file://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_pages_of_this_machine_and_named_origins_may_talk_to_the_hub(
    origin: str | None, allowed: bool
) -> None:
    assert Settings(allowed_origins=["https://tavern.example/"]).allows_origin(origin) is allowed
