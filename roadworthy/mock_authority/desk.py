"""The desk: what comes in is kept in a folder, once under each key, and gets a receipt number and an answer.

FOLDER/received/KEY.zip      the packet
FOLDER/received/KEY.json     the record; a packet without one was never received
FOLDER/scenarios.json        how the desk behaves
"""

import fcntl
import json
import os
import re
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Malformed, NotFound, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.time import BEIJING, Time, to_text

MOST_BYTES = 4 * 2**30
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}")
_TAG = re.compile(r"\[(\w+)\]")
_CHUNK = 256 * 1024
_MOST_MANIFEST = 16 * 2**20


class Scenario(StrEnum):
    """How the desk treats a packet."""

    ACCEPT = "accept"
    RETURN = "return"
    REFUSE = "refuse"
    SLOW = "slow"
    LOSE = "lose"
    TWICE = "twice"


# What the desk says by itself; a rule may say it otherwise.
_OUTCOMES = {
    Scenario.RETURN: ("returned", "第3项填写不完整，请补正后重新提交 / item 3 is incomplete; amend it, submit again"),
    Scenario.REFUSE: ("refused", "不符合备案条件 / the conditions for filing are not met"),
}


@dataclass(frozen=True)
class Rule:
    """A scenario for packets of a kind, or with a word in their title; an empty condition fits all."""

    scenario: Scenario
    kind: str = ""
    word: str = ""
    remarks: str = ""
    seconds: int = 5

    def fits(self, kind: str, title: str) -> bool:
        """Say whether it is meant for such a packet."""
        return self.kind in {"", kind} and self.word in title


@dataclass(frozen=True)
class Received:
    """A packet that was received. `is_new` is false when it had been received before."""

    record: Mapping[str, Any]
    rule: Rule
    is_new: bool


class Desk:
    """Receives packets into a folder; several processes may share it."""

    def __init__(self, folder: Path, time: Time) -> None:
        """Keep everything in `folder`, which is made when it is missing."""
        self._folder, self._time = folder, time
        (folder / "received").mkdir(parents=True, exist_ok=True)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a path to write an incoming packet to; what is not received is removed."""
        path = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def receive(self, key: str, draft: Path, announced_sha256: str = "") -> Received:
        """Receive what was written to `draft` under `key`; the same bytes under the same key are received once.

        Raises Malformed for a bad key, Unusable when it is no packet, or not what was announced or received before.
        """
        if not _KEY.fullmatch(key):
            raise Malformed("Send the header Idempotency-Key: 1 to 80 letters, digits and hyphens.")
        digest = _digest(draft)
        if announced_sha256 and announced_sha256 != digest:
            raise Unusable("The packet arrived damaged; send it again.", code="packet.damaged")
        manifest = _manifest_of(draft)
        with self._alone():
            known = self.find(key)
            if known is not None:
                if known["sha256"] != digest:
                    raise Unusable("Another packet was received under this key.", code="key.used")
                return Received(known, self._rule_for(known["kind"], known["title"]), is_new=False)
            return self._keep(key, draft, digest, manifest)

    def find(self, key: str) -> dict[str, Any] | None:
        """Give the record of a packet, or None."""
        if not _KEY.fullmatch(key):
            return None
        try:
            found: dict[str, Any] = json.loads(self._record(key).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def packet(self, key: str) -> Path:
        """Give the file of a packet that was received. Raises NotFound."""
        if self.find(key) is None:
            raise NotFound
        return self._folder / "received" / f"{key}.zip"

    def records(self) -> list[dict[str, Any]]:
        """Give all records, the newest first."""
        found = [json.loads(path.read_bytes()) for path in (self._folder / "received").glob("*.json")]
        return sorted(found, key=lambda one: str(one["receipt"]), reverse=True)

    def rules(self) -> list[Rule]:
        """Give how the desk behaves; the first rule that fits counts."""
        try:
            told = json.loads((self._folder / "scenarios.json").read_bytes())
        except FileNotFoundError:
            return []
        return [Rule(**{**one, "scenario": Scenario(one["scenario"])}) for one in told]

    def behave(self, rule: Rule | None) -> None:
        """Put a rule before all others; None forgets them all."""
        with self._alone():
            rules = [] if rule is None else [rule, *self.rules()]
            self._write(
                self._folder / "scenarios.json", [{**vars(one), "scenario": str(one.scenario)} for one in rules]
            )

    def _rule_for(self, kind: str, title: str) -> Rule:
        """Give the rule of the desk, or what the title itself asks for in brackets, like [lose]."""
        for one in self.rules():
            if one.fits(kind, title):
                return one
        tags = [tag for tag in _TAG.findall(title) if tag in list(Scenario)]
        return Rule(Scenario(tags[0]) if tags else Scenario.ACCEPT)

    def _keep(self, key: str, draft: Path, digest: str, manifest: Mapping[str, Any]) -> Received:
        rule = self._rule_for(str(manifest["kind"]), str(manifest["title"]))
        now = self._time.now()
        number = 1 + max((int(one["receipt"].rpartition("-")[2]) for one in self.records()), default=0)
        receipt = f"MOCK-{now.astimezone(BEIJING).year}-{number:06d}"
        record = {
            "answers": _answers(receipt, rule, to_text(now)),
            "authority": str(manifest["authority"]),
            "files": len(manifest["files"]),
            "key": key,
            "kind": str(manifest["kind"]),
            "receipt": receipt,
            "received_at": to_text(now),
            "scenario": str(rule.scenario),
            "sha256": digest,
            "title": str(manifest["title"]),
        }
        draft.replace(self._folder / "received" / f"{key}.zip")
        self._write(self._record(key), record)
        return Received(record, rule, is_new=True)

    def _record(self, key: str) -> Path:
        return self._folder / "received" / f"{key}.json"

    def _write(self, path: Path, what: Any) -> None:
        with self.draft() as draft:
            with draft.open("wb") as file:
                file.write(canonical(what))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _answers(receipt: str, rule: Rule, at: str) -> list[dict[str, str]]:
    outcome, remarks = _OUTCOMES.get(rule.scenario, ("accepted", ""))
    answer = {"at": at, "id": f"{receipt}/1", "outcome": outcome, "remarks": remarks and (rule.remarks or remarks)}
    return [answer, answer] if rule.scenario is Scenario.TWICE else [answer]


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _manifest_of(path: Path) -> dict[str, Any]:
    """Read manifest.json of a packet. Raises Unusable."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("manifest.json").file_size > _MOST_MANIFEST:
                raise Unusable("The manifest of the packet is too long.", code="packet.unreadable")
            found = json.loads(archive.read("manifest.json"))
            names = set(archive.namelist())
        whole = all(isinstance(found[one], str) for one in ("authority", "kind", "title"))
        lacking = [one["name"] for one in found["files"] if one["name"] not in names]
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise Unusable("This is no packet: send a zip with manifest.json.", code="packet.unreadable") from error
    if lacking or not whole:
        raise Unusable(f"The packet is incomplete ({', '.join(lacking[:3])}).", code="packet.unreadable")
    return dict(found)
