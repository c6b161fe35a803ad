"""Settings: defaults, file, environment, and errors that name the nearest key."""

from dataclasses import fields
from pathlib import Path

import pytest

from roadworthy.kernel.errors import Malformed
from roadworthy.settings import _CHECKS, Settings, SettingUnusable, load


def test_defaults_need_neither_file_nor_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, {})

    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.database_url == f"sqlite:///{tmp_path}/roadworthy.db"
    assert settings.gate_socket == tmp_path / "run" / "gate.sock"
    assert (settings.poll_seconds, settings.lease_hours, settings.demo) == (300, 24, False)


def test_environment_wins_over_file(tmp_path: Path) -> None:
    (tmp_path / "roadworthy.toml").write_text('port = 9000\ncompany = "示例汽车"\ntrusted_proxies = ["10.0.0.1"]\n')

    settings = load(tmp_path, {"ROADWORTHY_PORT": "9001", "ROADWORTHY_DEMO": "yes", "HOME": "elsewhere"})

    assert (settings.port, settings.company, settings.demo) == (9001, "示例汽车", True)
    assert settings.trusted_proxies == ("10.0.0.1",)
    assert settings.public_url == "http://127.0.0.1:9001"


def test_pass_phrases_and_client_variables_are_no_settings(tmp_path: Path) -> None:
    load(tmp_path, {"ROADWORTHY_PASSPHRASE_GATE": "x", "ROADWORTHY_TOKEN": "y", "ROADWORTHY_SERVER": "z"})


@pytest.mark.parametrize(("key", "near"), [("lease_hour", "lease_hours"), ("databse_url", "database_url")])
def test_unknown_key_names_the_nearest(tmp_path: Path, key: str, near: str) -> None:
    (tmp_path / "roadworthy.toml").write_text(f'{key} = "1"\n')

    with pytest.raises(SettingUnusable, match=f"nearest is '{near}'"):
        load(tmp_path, {})
    (tmp_path / "roadworthy.toml").unlink()
    with pytest.raises(SettingUnusable, match=f"nearest is '{near}'"):
        load(tmp_path, {f"ROADWORTHY_{key.upper()}": "1"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PORT", "70000"), ("PORT", "x"), ("DEMO", "perhaps"), ("PUBLIC_URL", "ftp://x"), ("IMAGE_PREFIX", "a/b"),
        ("COMPANY", " "), ("LEASE_HOURS", "0"),
    ],
)  # fmt: skip
def test_unusable_values_are_named(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(SettingUnusable, match=key.lower()):
        load(tmp_path, {f"ROADWORTHY_{key}": value})


def test_broken_toml_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "roadworthy.toml").write_text("port = = 1")

    with pytest.raises(Malformed, match=r"roadworthy\.toml"):
        load(tmp_path, {})


def test_every_setting_has_its_check() -> None:
    assert {f.name for f in fields(Settings)} - {"home"} == set(_CHECKS)
