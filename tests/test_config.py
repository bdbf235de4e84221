"""Settings: which source goes first, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tavernlink.config import Settings, SettingsError, Sources, load_settings


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


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example.org", True),
        ("https://A.B.Example.org", True),
        ("https://a.example.org:443", True),
        ("https://example.org", False),
        ("http://a.example.org", False),
        ("https://a.example.org:8443", False),
        ("https://evilexample.org", False),
        ("https://.example.org", False),
        ("https://a.example.org.evil.example", False),
        ("https://evil.example/.example.org", False),
        ("https://evil.example#.example.org", False),
        ("https://a@b.example.org", False),
        ("https://*.example.org", False),
    ],
)
def test_a_star_stands_for_the_names_below_a_domain(origin: str, allowed: bool) -> None:
    assert Settings(allowed_origins=["https://*.example.org"]).allows_origin(origin) is allowed


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("allowed_origins = ['*']", "allowed_origins"),
        ("allowed_origins = ['https://*']", "allowed_origins"),
        ("allowed_origins = ['https://*.org']", "below a domain"),
        ("allowed_origins = ['https://a.example/path']", "nothing after it"),
        ("allowed_origins = ['https://a.example:x']", "allowed_origins"),
        ("trusted_proxies = ['proxy']", "trusted_proxies"),
        ("base_path = 'tavern/'", "base_path"),
        ("tls_names = ['a b']", "tls_names"),
        ("otlp_endpoint = 'localhost:4318'", "otlp_endpoint"),
    ],
)
def test_addresses_that_are_none_are_refused_with_what_they_should_be(
    tmp_path: Path, text: str, named: str
) -> None:
    (tmp_path / "tavernlink.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings({"data_dir": tmp_path}, {})


def test_each_setting_tells_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "tavernlink.toml").write_text("app_rate = 5\ndetached = 3\n")
    loaded = Sources({"data_dir": tmp_path, "port": 5}, {"TAVERNLINK_DETACHED": "4"}).read()
    assert {name: loaded.sources[name] for name in ("port", "detached", "app_rate", "host")} == {
        "port": "command line",
        "detached": "environment",
        "app_rate": "file",
        "host": "default",
    }
