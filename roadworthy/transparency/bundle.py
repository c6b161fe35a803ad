"""Evidence bundles: one zip file that proves what it says with the log's public key and nothing else.

    manifest.json    every other file with SHA-256 and size, the scope, the log's key
    manifest.sig     a note by the log's key over the manifest's SHA-256
    records/*.json   {"receipt": ..., "rows": [row opening, ...]}, all under the one checkpoint
    log/checkpoint   the log's signed head
    documents/*      files as they were given
    SHA256SUMS, VERIFY.md, index.html    how to check with sha256sum and openssl, or in a browser, offline

The key in the bundle proves only that the bundle is one piece: compare its fingerprint with the published one, or
give the key that you hold; and check with a program or page that did not come with the bundle when you have reason
to doubt who made it. A bundle proves what was logged, not that what people wrote was true.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.transparency.bundle_pages import page, verify_md
from roadworthy.transparency.checkpoint import open_checkpoint
from roadworthy.transparency.container import (
    Member,
    check_name,
    digests,
    read_container,
    read_member,
    write_container,
)
from roadworthy.transparency.note import (
    MAX_NOTE_CHARACTERS,
    NoteSigner,
    Unproved,
    Verifier,
    open_note,
    sign_note,
    vkey_of,
)
from roadworthy.transparency.receipt import LoggedEvent, open_receipt, open_row
from roadworthy.transparency.report import Difference, Findings

_Result = TypeVar("_Result")

HEADER = "roadworthy.evidence/1"
MAX_JSON = 64 << 20
_UNLISTED = ("manifest.json", "manifest.sig")
_REQUIRED = (*_UNLISTED, "log/checkpoint", "SHA256SUMS", "VERIFY.md", "index.html")


@dataclass(frozen=True)
class BundleReport:
    """The outcome of checking a bundle: what differs, first things first, and by which key it was checked.

    `fingerprint` is SHA-256 of the log's public key; `own_key` says that the key came from the bundle itself.
    """

    differences: tuple[Difference, ...]
    fingerprint: str = ""
    own_key: bool = False
    scope: Mapping[str, Any] | None = None
    records: int = 0
    documents: int = 0
    size: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def fingerprint(vkey: str) -> str:
    """Give the fingerprint that people compare: SHA-256 of the public key as 64 hex digits.

    Raises Malformed for a wrong vkey.
    """
    return sha256(Verifier.parse(vkey).public).hexdigest()


def write_bundle(
    path: Path,
    scope: Mapping[str, Any],
    receipts: Sequence[Mapping[str, Any]],
    documents: Mapping[str, bytes],
    checkpoint: str,
    signer: NoteSigner,
) -> str:
    """Write a bundle to `path` (whole or not at all) and give the SHA-256 of its manifest.

    `receipts` are receipts, or `{"receipt": ..., "rows": [row opening, ...]}`, all under `checkpoint`; `documents`
    are contents by name. `signer` holds the log's key. Raises Unproved for a receipt that does not hold, Unusable
    for a receipt under another checkpoint, for names that cannot be, and for a bundle larger than 4 GiB.
    """
    vkey = vkey_of(signer)
    records = [_as_record(receipt) for receipt in receipts]
    events = [_open(record, checkpoint, vkey) for record in records]
    files: dict[str, bytes] = {}
    for number, (record, event) in enumerate(zip(records, events, strict=True), 1):
        files[f"records/{number:05}-{event.event['id']}.json"] = canonical(record)
    for name, content in sorted(documents.items()):
        check_name(name)
        files[f"documents/{name}"] = content
    files["log/checkpoint"] = checkpoint.encode()
    files["VERIFY.md"] = verify_md(vkey, fingerprint(vkey)).encode()
    files["index.html"] = page(vkey, fingerprint(vkey), scope, [event.event for event in events], documents).encode()
    sums = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode()
    manifest = canonical(_manifest(scope, files, vkey))
    digest = sha256(manifest).hexdigest()
    signature = sign_note(f"{HEADER}\n{digest}  manifest.json\n", signer)
    files = {"manifest.json": manifest, "manifest.sig": signature.encode(), **dict(sorted(files.items()))}
    _write(path, files)
    return digest


def verify_bundle(path: Path, log_vkey: str | None) -> BundleReport:
    """Check a bundle, offline and in bounded memory, against `log_vkey`, or against its own key with None.

    1. the container has its one form; 2. the manifest is signed by the log; 3. every file is the one listed, and
    nothing else is there; 4. the checkpoint is signed by the log; 5. every record and row is proved under it. What
    fails is named in the report. Raises Malformed for a wrong `log_vkey` only, and OSError for an unreadable file.
    """
    given = None if log_vkey is None else fingerprint(log_vkey)
    findings = Findings()
    try:
        members = {member.name: member for member in read_container(path)}
        hashes = _hashes(path, members, findings)
        if findings.found:
            return BundleReport(tuple(findings.found), given or "", log_vkey is None)
        return _Check(path, members, hashes, findings).run(log_vkey)
    except (Malformed, Unproved) as error:
        findings.add("bundle", error.at or "(archive)", "", "证据包被修改或不完整", error.message)
        return BundleReport(tuple(findings.found), given or "", log_vkey is None)


def _hashes(path: Path, members: Mapping[str, Member], findings: Findings) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for member, digest, whole in digests(path, list(members.values())):
        hashes[member.name] = digest
        if not whole:
            findings.add("bundle", member.name, "", "文件内容被修改", "the content of this file was changed")
    for name in _REQUIRED:
        if name not in members:
            findings.add("bundle", name, "", "缺少此文件", "this file is missing")
    return hashes


class _Check:
    """The checks of one bundle whose container is sound."""

    def __init__(
        self, path: Path, members: Mapping[str, Member], hashes: Mapping[str, str], findings: Findings
    ) -> None:
        self._path = path
        self._members = members
        self._hashes = hashes
        self._findings = findings

    def run(self, log_vkey: str | None) -> BundleReport:
        manifest = self._json("manifest.json")
        vkey = log_vkey or manifest.get("log_vkey")
        scope = manifest.get("scope")
        if not isinstance(vkey, str) or not isinstance(scope, dict):
            raise Malformed("the manifest names no scope or no key.", at="manifest.json")
        size = 0
        try:
            self._signed(vkey)
            self._listed(manifest.get("files"))
            size = self._proved(vkey)
        except (Malformed, Unproved) as error:
            self._findings.add("bundle", error.at, "", "签名或内容与日志公钥不符", error.message)
        records, documents = (sum(n.startswith(part) for n in self._members) for part in ("records/", "documents/"))
        found = tuple(self._findings.found)
        return BundleReport(found, fingerprint(vkey), log_vkey is None, scope, records, documents, size)

    def _signed(self, vkey: str) -> None:
        note = self._text("manifest.sig", MAX_NOTE_CHARACTERS)
        text = _at("manifest.sig", lambda: open_note(note, [vkey]).text)
        if text != f"{HEADER}\n{self._hashes['manifest.json']}  manifest.json\n":
            raise Unproved("the manifest is not the one that was signed.", at="manifest.json")

    def _proved(self, vkey: str) -> int:
        checkpoint = self._text("log/checkpoint", MAX_NOTE_CHARACTERS)
        size = _at("log/checkpoint", lambda: open_checkpoint(checkpoint, vkey).size)
        for name in self._members:
            if name.startswith("records/"):
                self._record(name, checkpoint, vkey)
        return size

    def _listed(self, files: Any) -> None:
        listed: dict[str, tuple[Any, Any]] = {}
        for line in files if isinstance(files, list) else []:
            if isinstance(line, dict) and isinstance(line.get("path"), str):
                listed[line["path"]] = (line.get("sha256"), line.get("size"))
        for name, member in self._members.items():
            if name not in listed and name not in _UNLISTED:
                self._findings.add("bundle", name, "", "清单中没有此文件", "the manifest does not list this file")
            elif name in listed and listed[name] != (self._hashes[name], member.size):
                self._findings.add("bundle", name, "", "文件内容与清单不符", "this file is not the one listed")
        for name in sorted(set(listed) - set(self._members)):
            self._findings.add("bundle", name, "", "缺少此文件", "this file is missing")

    def _record(self, name: str, checkpoint: str, vkey: str) -> None:
        try:
            _open(_as_record(self._json(name)), checkpoint, vkey)
        except (Unproved, Unusable) as error:
            self._findings.add("bundle", name, "", "该记录未被日志证明", error.message)

    def _json(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads(self._text(name, MAX_JSON))
        except (ValueError, RecursionError) as error:
            raise Malformed(f"{name} is no JSON.", at=name) from error
        if not isinstance(value, dict):
            raise Malformed(f"{name} is no JSON object.", at=name)
        return value

    def _text(self, name: str, limit: int) -> str:
        try:
            return read_member(self._path, self._members[name], limit).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(f"{name} is no text.", at=name) from error


def _at(name: str, check: Callable[[], _Result]) -> _Result:
    """Run a check of one file, and name the file when it fails."""
    try:
        return check()
    except (Malformed, Unproved) as error:
        raise Unproved(error.message, at=name) from error


def _as_record(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return dict(receipt) if "receipt" in receipt else {"receipt": dict(receipt), "rows": []}


def _open(record: Mapping[str, Any], checkpoint: str, vkey: str) -> LoggedEvent:
    receipt, rows = record.get("receipt"), record.get("rows")
    if set(record) != {"receipt", "rows"} or not isinstance(receipt, Mapping) or not isinstance(rows, list | tuple):
        raise Unproved("a record is a receipt and a list of row openings.")
    event = open_receipt(receipt, vkey)
    if receipt["checkpoint"] != checkpoint:
        raise Unusable(f"the receipt of {event.event.get('id')} is under another checkpoint; make it under this one.")
    for opening in rows:
        if not isinstance(opening, Mapping):
            raise Unproved("a row opening is an object.")
        open_row(opening, event.event)
    return event


def _manifest(scope: Mapping[str, Any], files: Mapping[str, bytes], vkey: str) -> dict[str, Any]:
    listed = [
        {"path": name, "sha256": sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(files.items())
    ]
    return {"files": listed, "log_vkey": vkey, "scope": dict(scope), "type": HEADER}


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            write_container(file, files)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
