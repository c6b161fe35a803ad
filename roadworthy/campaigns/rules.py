"""Pure decisions of campaigns: who is in which wave, until when a yes counts, what a vehicle's report means.

1. `share_of`     a vehicle's stable place in 0..9999 of a campaign, from a hash: no rows before first contact.
2. `plan_waves`   shares from percentages; they must add up to 100.
3. `lease_end`    until when an open gate counts: never longer than the papers it rests on.
4. `target_digest` one digest for a set of VINs, however it was listed.
5. `verb_of_feedback` what a DDI feedback means for the action (hawkBit DDI v1, feedback table).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import pairwise

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.time import BEIJING

SHARES = 10_000


def share_of(campaign_id: str, vehicle_id: str) -> int:
    """Give a vehicle's share (0..9999) in a campaign; the same whenever and wherever it is asked."""
    digest = sha256(f"{campaign_id}/{vehicle_id}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") % SHARES


def plan_waves(percentages: Sequence[int]) -> list[tuple[int, int]]:
    """Turn wave sizes in per cent of the target set into shares [from, to) of 10,000.

    Raises Unusable unless each is 1..100 and they add up to 100.
    """
    if not percentages or any(not 1 <= p <= 100 for p in percentages) or sum(percentages) != 100:
        raise Unusable(
            f"waves {list(percentages)}: give each wave 1 to 100 per cent, 100 per cent in all, such as 1,9,90.",
            code="waves.sum",
        )
    bounds = [0]
    for percent in percentages:
        bounds.append(bounds[-1] + percent * (SHARES // 100))
    return list(pairwise(bounds))


def wave_sizes(shares: Sequence[tuple[int, int]], places: Iterable[int]) -> list[int]:
    """Count the vehicles of each wave from their places 0..9999; `shares` are those of `plan_waves`."""
    starts = [low for low, _ in shares]
    counted = Counter(bisect_right(starts, place) - 1 for place in places)
    return [counted[number] for number in range(len(shares))]


def lease_end(now: datetime, hours: int, valid_until: date | None = None) -> datetime:
    """Give the end of a lease that begins now; `hours` is at least 1.

    A paper that ends earlier ends it: `valid_until` is its last valid day in Beijing.
    """
    end = now + timedelta(hours=hours)
    if valid_until is None:
        return end
    midnight = datetime.combine(valid_until + timedelta(days=1), time(), BEIJING)
    return min(end, midnight.astimezone(UTC))


def renewal_due(not_before: datetime, not_after: datetime, now: datetime) -> bool:
    """Whether half of a lease has passed, so that the gate is to be asked again before it ends."""
    return now >= not_before + (not_after - not_before) / 2


def target_digest(vins: Iterable[str]) -> str:
    """Give one SHA-256 (hex) for a set of VINs, whatever order or doubling they were listed in."""
    return sha256("\n".join(sorted(set(vins))).encode("ascii")).hexdigest()


def verb_of_feedback(execution: str, finished: str, *, cancelling: bool, skip_issued: bool = False) -> str:
    """Say what a DDI feedback means for an action: a verb of `states.ACTION`, or nothing ("").

    `skip_issued`: the last document given out said `update: skip`, so that "closed, success" is no success.
    Raises Unusable for words the contract does not know.
    """
    known = {"closed", "canceled", "rejected", "download", "downloaded", "proceeding", "scheduled", "resumed"}
    if execution not in known or finished not in {"success", "failure", "none"}:
        raise Unusable(f"feedback {execution!r}/{finished!r} is not of the DDI contract.", code="feedback.words")
    if cancelling:
        if execution == "closed":
            return "refuse_cancel" if finished == "failure" else "confirm_cancel"
        return "refuse_cancel" if execution == "rejected" else ""
    if execution == "closed":
        return "fail" if finished == "failure" else ("" if skip_issued else "report")
    if execution == "canceled":
        return "give_up"
    plain = {"download": "download", "downloaded": "download", "proceeding": "install", "resumed": "install"}
    return plain.get(execution, "")
