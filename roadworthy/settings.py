"""The settings of one installation: one frozen object from `roadworthy.toml` and the environment.

Order: defaults, then `<home>/roadworthy.toml`, then `ROADWORTHY_<KEY>` variables. An unknown key is an error that
names the nearest known one: a misspelt setting must not be silently ignored. Secrets are no settings: pass
phrases stay in `ROADWORTHY_PASSPHRASE_<CUSTODY>` and are read by the process that opens the key.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Malformed, Unusable

MOST_PACKAGE_BYTES = 2**40

_PREFIX = "ROADWORTHY_"
# Variables of other readers (the CLI as a client, and each key's custody), allowed but no settings.
_OTHERS = frozenset({"HOME", "SERVER", "TOKEN", "LANG"})
_OTHER_PREFIX = "PASSPHRASE_"


class SettingUnusable(Unusable):
    """A setting cannot be used; correct roadworthy.toml or the environment."""

    code = "setting.unusable"


@dataclass(frozen=True)
class Settings:
    """All settings. Paths below `home` are derived and cannot be set one by one."""

    home: Path
    database_url: str
    public_url: str
    host: str = "127.0.0.1"
    port: int = 8080
    company: str = "Roadworthy"
    log_origin: str = "roadworthy.example/log"
    image_prefix: str = "images"
    poll_seconds: int = 300
    lease_hours: int = 24
    demo: bool = False
    safety_policy: bool = False
    max_package_bytes: int = 8 * 2**30
    trusted_proxies: tuple[str, ...] = field(default_factory=tuple)
    notices_webhook: str = ""
    miit_channel: str = "print:"
    samr_channel: str = "print:"

    @property
    def artifacts(self) -> Path:
        """Packages by SHA-256."""
        return self.home / "artifacts"

    @property
    def log(self) -> Path:
        """The transparency log: checkpoint and tiles."""
        return self.home / "log"

    @property
    def keys(self) -> Path:
        """Encrypted private keys and their public halves."""
        return self.home / "keys"

    @property
    def trust(self) -> Path:
        """Public roots of trust: image-root.json, director-root.json, log.vkey."""
        return self.home / "trust"

    @property
    def run(self) -> Path:
        """Sockets of the running processes."""
        return self.home / "run"

    @property
    def gate_socket(self) -> Path:
        """Where the gate signer listens."""
        return self.run / "gate.sock"

    @property
    def director_socket(self) -> Path:
        """Where the director signer listens."""
        return self.run / "director.sock"


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the installation in `home`; the environment wins over the file.

    Raises Malformed when the file is no TOML, SettingUnusable for unknown keys and unusable values.
    """
    given = _from_file(home / "roadworthy.toml") | _from_environment(environ)
    values: dict[str, Any] = {key: _CHECKS[key](key, value) for key, value in given.items()}
    values.setdefault("database_url", f"sqlite:///{home / 'roadworthy.db'}")
    host, port = values.get("host", Settings.host), values.get("port", Settings.port)
    values.setdefault("public_url", f"http://{f'[{host}]' if ':' in host else host}:{port}")
    values["public_url"] = values["public_url"].rstrip("/")
    return Settings(home=home, **values)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"roadworthy.toml cannot be read: {error}; correct it there.") from error
    for key in content:
        _known(key, f"{key!r} in roadworthy.toml", _CHECKS)
    return content


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in sorted(environ.items()):
        key = name.removeprefix(_PREFIX)
        if key == name or key in _OTHERS or key.startswith(_OTHER_PREFIX):
            continue
        _known(key.lower(), f"variable {name}", _CHECKS)
        found[key.lower()] = value
    return found


def _known(key: str, told: str, known: Iterable[str]) -> None:
    if key in known:
        return
    near = get_close_matches(key, list(known), n=1, cutoff=0.0)
    raise SettingUnusable(f"{told} is no setting; the nearest is {near[0]!r}.", at=key)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingUnusable(f"{key} = {value!r}: write a text that is not empty.", at=key)
    return value.strip()


def _number(low: int, high: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise SettingUnusable(f"{key} = {value!r}: write a whole number from {low} to {high}.", at=key)
        return int(text)

    return check


def _switch(key: str, value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise SettingUnusable(f"{key} = {value!r}: write true or false.", at=key)
    return found


def _addresses(key: str, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise SettingUnusable(f"{key} = {value!r}: write a list of addresses.", at=key)
    found = tuple(part.strip() for part in parts if part.strip())
    for one in found:
        try:
            ip_network(one, strict=False)
        except ValueError as error:
            raise SettingUnusable(f"{key}: {one!r} is no IP address or network like 10.0.0.0/8.", at=key) from error
    return found


def _url(key: str, value: Any) -> str:
    text = _text(key, value)
    if not text.startswith(("http://", "https://")):
        raise SettingUnusable(f"{key} = {value!r}: begin with https:// (or http://).", at=key)
    return text


def _one_folder(key: str, value: Any) -> str:
    text = _text(key, value)
    # The image repository signs paths prefix/hardware/file: the prefix is one plain folder name.
    if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
        raise SettingUnusable(f"{key} = {value!r}: use letters, digits, - and _ only.", at=key)
    return text


# Every setting has its check here (a test compares this table with the dataclass).
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "database_url": _text,
    "public_url": _url,
    "host": _text,
    "port": _number(1, 65_535),
    "company": _text,
    "log_origin": _text,
    "image_prefix": _one_folder,
    "poll_seconds": _number(1, 86_399),  # DDI writes HH:MM:SS
    "lease_hours": _number(1, 168),
    "demo": _switch,
    "safety_policy": _switch,
    "max_package_bytes": _number(1, MOST_PACKAGE_BYTES),
    "trusted_proxies": _addresses,
    "miit_channel": _text,  # how papers reach each authority, see couriers.channels
    "samr_channel": _text,
    "notices_webhook": _url,  # reminders of duty clocks are posted there, beside the inbox
}
