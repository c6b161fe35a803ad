"""A folder that somebody else's program collects from: `folder:/path`.

A packet appears as one file `PKT-....zip`, by a rename, so nobody ever sees half of one. Whoever collects may move it
away at once; therefore a mark is set before the rename, and a mark without a file means: collected, or never there.
"""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

from roadworthy.couriers.archives import CHUNK
from roadworthy.couriers.interface import Evidence, Failed, Packet, Result, Sent, Told, Unsure
from roadworthy.couriers.packet import Bundle, bundled
from roadworthy.couriers.told import evidence_of
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import Time

_MARKS = ".begun"

_OTHER = Text(
    "文件夹中已有同名但内容不同的文件", "the folder holds another file of this name; remove it, then send again"
)
_NEVER = Text("从未放入该文件夹", "it was never put into the folder")
_COLLECTED = Text(
    "不在文件夹中: 可能已被取走, 也可能未曾放入; 请向收件方核实",
    "it is not in the folder: collected, or never there; check with the receiver",
)


class FolderCourier:
    """Puts packets into a folder."""

    repeatable = False  # a packet that was collected would be collected again
    asks = True
    longest = timedelta(minutes=5)

    def __init__(self, folder: Path, time: Time) -> None:
        """Put packets into `folder`, which is there already: a share that is not mounted must not be made up."""
        self._folder, self._time = folder, time

    @property
    def channel(self) -> str:
        """Give its kind and place."""
        return f"folder:{self._folder}"

    def send(self, packet: Packet, attempt: int) -> Result:
        """Write beside, mark, rename."""
        with bundled(packet) as bundle:
            found = self._digest(packet)
            evidence = self._evidence(bundle)
            if found is not None:
                return Sent(evidence) if found == bundle.sha256 else Failed(evidence, _OTHER)
            try:
                draft = self._draft(packet, attempt, bundle)
            except OSError as error:
                return Failed(evidence, _unwritable(error), again=True)
            return self._appear(packet, draft, evidence)

    def ask(self, packet: Packet) -> Result:
        """Look into the folder."""
        with bundled(packet) as bundle:
            evidence = self._evidence(bundle)
            try:
                found, begun = self._digest(packet), self._mark(packet).exists()
            except OSError as error:
                return Unsure(evidence, _unwritable(error))
            if found is not None:
                return Sent(evidence) if found == bundle.sha256 else Unsure(evidence, _OTHER)
            return Unsure(evidence, _COLLECTED) if begun else Failed(evidence, _NEVER, again=True)

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Take a person's word who checked with the receiver. Raises Unusable."""
        return evidence_of(self.channel, packet, told)

    def _evidence(self, bundle: Bundle) -> Evidence:
        return Evidence(self.channel, self._time.now(), sent_sha256=bundle.sha256, sent_length=bundle.length)

    def _place(self, packet: Packet) -> Path:
        return self._folder / f"{packet.id}.zip"

    def _mark(self, packet: Packet) -> Path:
        return self._folder / _MARKS / str(packet.id)

    def _digest(self, packet: Packet) -> str | None:
        digest = hashlib.sha256()
        try:
            with self._place(packet).open("rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        except FileNotFoundError:
            return None
        return digest.hexdigest()

    def _draft(self, packet: Packet, attempt: int, bundle: Bundle) -> Path:
        for left in self._folder.glob(f".{packet.id}.*.part"):
            left.unlink(missing_ok=True)  # by an attempt that was cut off
        draft = self._folder / f".{packet.id}.{attempt}.part"
        with draft.open("wb") as file:
            while chunk := bundle.file.read(CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self._mark(packet).parent.mkdir(exist_ok=True)
        with self._mark(packet).open("wb") as file:
            file.write(bundle.sha256.encode())
            file.flush()
            os.fsync(file.fileno())
        _keep(self._mark(packet).parent)
        return draft

    def _appear(self, packet: Packet, draft: Path, evidence: Evidence) -> Result:
        try:
            draft.replace(self._place(packet))
            _keep(self._folder)
        except OSError as error:
            return Unsure(evidence, _unwritable(error))
        return Sent(evidence)


def _keep(folder: Path) -> None:
    """Let the names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError) -> Text:
    told = error.strerror or type(error).__name__
    return Text(f"文件夹不可用 ({told})", f"the folder cannot be used ({told}); check that it is mounted and writable")
