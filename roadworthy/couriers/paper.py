"""Paper: `print:`. Print, stamp, scan, upload; the codes on the scan must be those of the record, a person confirms."""

from collections.abc import Sequence
from datetime import timedelta

from roadworthy.couriers.interface import Evidence, Handed, Packet, Result, Scan, Told, Unsure
from roadworthy.couriers.media import JPEG, PDF, PNG
from roadworthy.couriers.packet import bundled, codes_of
from roadworthy.couriers.told import ToldUnusable, evidence_of
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import Time
from roadworthy.storage import Artifacts

_PICTURES = {PDF, PNG, JPEG}
_UNASKED = Text("纸质材料无法在线查询, 请电话核实", "paper cannot be asked; telephone the authority")


class PaperCourier:
    """Lays the printable bundle down and waits for a person."""

    channel = "print:"
    repeatable = True  # it only makes the bundle, which is the same each time
    asks = False
    longest = timedelta(minutes=5)

    def __init__(self, artifacts: Artifacts, time: Time) -> None:
        """Keep bundles in `artifacts`."""
        self._artifacts, self._time = artifacts, time

    def send(self, packet: Packet, attempt: int) -> Result:  # noqa: ARG002 - each attempt gives the same bundle
        """Keep the bundle, to be printed."""
        with bundled(packet) as bundle:
            self._artifacts.put(bundle.file, expected_sha256=bundle.sha256, expected_length=bundle.length)
            made = Evidence(self.channel, self._time.now(), sent_sha256=bundle.sha256, sent_length=bundle.length)
        return Handed(made)

    def ask(self, packet: Packet) -> Result:  # noqa: ARG002 - paper answers for no packet
        """Say that paper cannot be asked."""
        return Unsure(Evidence(self.channel, self._time.now()), _UNASKED)

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Check the scans, and what a person says about how they went out. Raises ToldUnusable."""
        check_scans(packet, told.scans)
        return evidence_of(self.channel, packet, told, scans=[one.sha256 for one in told.scans])


def check_scans(packet: Packet, scans: Sequence[Scan]) -> None:
    """Compare the codes on scans with those of the packet's forms: each form is there, and nothing foreign.

    Raises ToldUnusable; its code is scan.missing, scan.type, scan.unreadable, scan.foreign or scan.incomplete.
    """
    if not scans:
        raise ToldUnusable("Upload the scan of the stamped paper first.", code="scan.missing", at="scans")
    expected = set(codes_of(packet))
    read = {code for one in scans for code in one.codes}
    for one in scans:
        if one.media_type not in _PICTURES:
            raise ToldUnusable("A scan is a PDF, PNG or JPEG; scan the paper again.", code="scan.type", at="scans")
        if not one.codes:
            raise ToldUnusable(
                f"On scan {one.sha256[:12]} no QR code can be read; scan at 200 dpi or more, with the foot of "
                "every page on it and no stamp over the code.",
                code="scan.unreadable",
                at="scans",
            )
    if foreign := sorted(read - expected):
        told = f"A scan belongs to something else ({foreign[0][:80]}); upload the scan of {packet.id}."
        raise ToldUnusable(told, code="scan.foreign", at="scans")
    if lacking := sorted(expected - read):
        told = f"The scan of {len(lacking)} forms is missing ({lacking[0][:80]}); upload all of them."
        raise ToldUnusable(told, code="scan.incomplete", at="scans")
