"""What counts when; pure.

1. `in_force`       of all confirmed activations the newest of each pack
2. `edition_at`     the files of the law at a moment: what was adopted, with activated packs in their places
3. `with_pack`      the same files with one pack more, or another version of it
4. `check_import`   a version is brought in once; `check_signature`, `check_activation` who may, and in which order
5. `shadow`         what a candidate would block that the law in force does not, and from when
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from roadworthy.kernel.errors import NotPermitted, Refused
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import BEIJING, beijing_date
from roadworthy.law import Packs, classify
from roadworthy.law.calendar import YearUnknown
from roadworthy.rulebook.model import Activation, Adoption, Approval, LawFile, Mode, PackVersion

COUNSEL, SECOND = "compliance_officer", "release_manager"
_MAY_COUNT = ("approved", "shadow")


class AlreadyThere(Refused):
    """This version of the pack is there already, and a version never changes; give the file another version."""

    code = "pack.version_taken"


def in_force(activations: Iterable[Activation], moment: datetime) -> dict[str, Activation]:
    """Give the activation that counts for each pack at `moment`: the one that began last."""
    begun = [one for one in activations if one.mode is Mode.IN_FORCE and one.begun(moment)]
    begun.sort(key=lambda one: (one.effective_from, one.confirmed_at, one.id))
    return {one.pack: one for one in begun}


def shadows(activations: Iterable[Activation], moment: datetime) -> list[Activation]:
    """Give the activations that are tried beside the law in force at `moment`, oldest first."""
    tried = [one for one in activations if one.mode is Mode.SHADOW and one.begun(moment)]
    return sorted((o for o in tried if o.ended_at is None or o.ended_at > moment), key=lambda one: one.id)


def edition_at(
    adoptions: Sequence[Adoption],
    activations: Iterable[Activation],
    sha256_of: Mapping[str, str],
    moment: datetime,
) -> tuple[LawFile, ...]:
    """Give the files of the law at `moment`, in the order of names; `sha256_of` are the bytes of versions by digest.

    Raises Refused when nothing was adopted by then.
    """
    adopted = [one for one in adoptions if one.adopted_at <= moment]
    if not adopted:
        raise Refused("No law had been adopted at that moment; start the server once.", code="law.not_adopted")
    files = max(adopted, key=lambda one: (one.adopted_at, one.id)).files
    for pack, activation in sorted(in_force(activations, moment).items()):
        files = with_pack(files, pack, sha256_of[activation.digest])
    return files


def with_pack(files: Iterable[LawFile], pack: str, sha256: str) -> tuple[LawFile, ...]:
    """Give the files with this version of a pack: in the place of the present one, or as a file of its own."""
    there = list(files)
    if any(file.pack == pack for file in there):
        there = [replace(file, sha256=sha256) if file.pack == pack else file for file in there]
    else:
        there.append(LawFile(f"packs/imported/{pack}.yaml", sha256, pack))
    return tuple(sorted(there, key=lambda file: file.name))


def shipped_since(adoptions: Sequence[Adoption], pack: str) -> datetime | None:
    """Give when the text of `pack` that is shipped now was adopted first and not replaced since; None when it is not.

    `adoptions` are given oldest first.
    """
    since, text = None, ""
    for adoption in adoptions:
        now = next((file.sha256 for file in adoption.files if file.pack == pack), "")
        since = adoption.adopted_at if now != text else since
        text = now
    return since if text else None


def turning_points(adoptions: Iterable[Adoption], activations: Iterable[Activation]) -> list[datetime]:
    """Give the moments at which the law in force may have changed, newest first."""
    begun = {one.effective_from for one in activations if one.mode is Mode.IN_FORCE and one.effective_from is not None}
    return sorted(begun | {one.adopted_at for one in adoptions}, reverse=True)


def check_import(pack: str, version: str, known: Iterable[tuple[str, str]]) -> None:
    """Refuse a version that is there already, shipped or imported; `known` are (id, version)."""
    if (pack, version) in set(known):
        raise AlreadyThere(f"{pack} {version} is there already, and a version never changes; give the file another.")


def check_signature(version: PackVersion, given: Sequence[Approval], person: str, role: str) -> None:
    """Refuse the author, a second signature of the same person, and the second before counsel.

    Raises NotPermitted, Refused.
    """
    if person == version.author:
        raise NotPermitted("The author of a pack does not sign it; ask another person.", code="four_eyes")
    if any(one.person == person for one in given):
        raise NotPermitted("You have signed this version already; another person must.", code="four_eyes")
    signed = {one.role for one in given}
    if role in signed:
        raise Refused(f"A {role} has signed already; the other signature is missing.", code="pack.signed")
    if role == SECOND and COUNSEL not in signed:
        raise Refused("Counsel (compliance_officer) signs first; ask for that signature.", code="pack.counsel_first")


def approvers(given: Iterable[Approval]) -> tuple[str, str]:
    """Give who approved as counsel and as second.

    Raises Refused when one is missing.
    """
    by_role = {one.role: one.person for one in given if one.meaning == "approve"}
    if not {COUNSEL, SECOND} <= by_role.keys():
        raise Refused("Two people must have approved this version: counsel and second.", code="pack.unsigned")
    return by_role[COUNSEL], by_role[SECOND]


def check_activation(version: PackVersion, mode: Mode, wanted_from: datetime, now: datetime) -> None:
    """Refuse a version that is not approved, whose file calls itself a draft, or a moment that is over.

    Raises WrongState, Refused.
    """
    allowed = ("approved", "shadow") if mode is Mode.IN_FORCE else ("approved",)
    if version.status not in allowed:
        raise WrongState(f"A rule pack that is {version.status} cannot be activated; it must be approved.")
    # The evaluator goes by the file's own word: a file in shadow warns, and only an approved one can be tried.
    if version.file_status not in (_MAY_COUNT if mode is Mode.IN_FORCE else _MAY_COUNT[:1]):
        raise Refused(
            f"The file says status: {version.file_status}. What is signed is the file: write approved (or shadow, when "
            "it is to warn only), give it another version, and have that signed.",
            code="pack.file_status",
        )
    if wanted_from < now:
        raise Refused("The law does not change in the past; choose a moment to come.", code="activation.past")


def check_not_needed(activations: Iterable[Activation]) -> None:
    """Refuse to put away a version that is in force, or whose confirmed activation is still to come."""
    for one in activations:
        if one.status == "confirmed" or (one.status == "in_effect" and one.mode is Mode.IN_FORCE):
            raise Refused(
                "This version is in force or going to be; activate another version of the pack in its place.",
                code="pack.in_force",
            )


def check_alone(others: Iterable[Activation], mode: Mode) -> None:
    """Refuse a second activation of one version while another is to come, and the trial of what is in force."""
    for one in others:
        if one.status == "confirmed" or (one.status == "in_effect" and mode is Mode.SHADOW):
            raise Refused(
                f"This version is activated already ({one.id}); let that take its course.", code="pack.active"
            )


def shadow(facts: Mapping[str, Any], now_in_force: Packs, candidate: Packs, moment: datetime) -> list[dict[str, Any]]:
    """Say what `candidate` would block that the law in force at `moment` does not, and from which day.

    Rows {from, model_code, token, state, reason, citation}: `from` is the Beijing day of `moment`, or the day on which
    the first rule that blocks begins. Raises UnknownFact, WrongValue, YearUnknown.
    """
    closed_now = {(row["model_code"], row["token"]) for row in _closed(facts, now_in_force, moment)}
    found: dict[tuple[Any, str], dict[str, Any]] = {}
    for day in _days(candidate, beijing_date(moment)):
        for row in _closed(facts, candidate, _within(day, moment)):
            key = (row["model_code"], row["token"])
            if key not in closed_now and key not in found:
                found[key] = {"from": day.isoformat(), **row}
    return list(found.values())


def _days(packs: Packs, today: date) -> list[date]:
    """Give today, and every later day on which a rule begins and the calendar knows the year."""
    begins = {rule.since for pack in packs.packs for rule in pack.rules if rule.since > today}
    return [today, *sorted(day for day in begins if _known(packs, day))]


def _known(packs: Packs, day: date) -> bool:
    try:
        packs.calendar.year(day.year)
    except YearUnknown:
        return False
    return True


def _within(day: date, moment: datetime) -> datetime:
    return moment if day == beijing_date(moment) else datetime.combine(day, time(12), BEIJING)


def _closed(facts: Mapping[str, Any], packs: Packs, moment: datetime) -> list[dict[str, Any]]:
    rows = []
    for model in classify(facts, packs, moment).models:
        for gate in model["gates_blocked"]:
            said = {name: gate[name] for name in ("token", "state", "reason", "citation", "text")}
            rows.append({"model_code": model["model_code"], **said})
    return rows
