"""The register of software identification numbers: proposed by one person, registered by another (GB96-4.2)."""

import re
from typing import Any

from roadworthy.admission import store
from roadworthy.admission.actions.values import ROLE
from roadworthy.admission.model import Regime, Swin, SwnId
from roadworthy.admission.states import SWIN
from roadworthy.admission.store.swin import swin, swin_link, swin_of_row
from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.time import parse_date
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.products.rules import parse_words

_VALUE = re.compile(r"[!-~]{1,60}")
_RELEASE = re.compile(r"REL-[0-9A-Z]{26}")


def propose_swin(
    database: Database,
    actor: Actor,
    type_id: TypId,
    *,
    value: str,
    regulation: str,
    valid_from: str,
    regime: str = Regime.GB44496,
) -> Swin:
    """Propose a number of a vehicle type under one regulation, valid from an ISO day in Beijing on.

    Raises NotPermitted, NotFound, Unusable, Refused when the model has this number under this regulation already.
    """
    if regime not in list(Regime):
        raise Unusable(f"regime is one of {', '.join(Regime)}.", code="regime.unknown", at="regime")
    if not _VALUE.fullmatch(value):
        raise Unusable("A SWIN has 1 to 60 ASCII characters and no blanks.", code="swin.unusable", at="value")
    with database.begin(actor, attempt="swin.propose", subject=type_id) as work:
        actor.require(ROLE)
        products.load_vehicle_type(work, type_id)
        made = Swin(
            SwnId.new(work.now), Regime(regime), parse_words(regulation, "regulation", 60), value, type_id,
            parse_date(valid_from).isoformat(), SWIN.initial, actor.id, None,
        )  # fmt: skip
        work.insert(swin, made.to_json())
        facts = {"regime": regime, "regulation": made.regulation, "value": value, "vehicle_type": type_id}
        work.record("swin.proposed", made.id, facts)
    return made


def register_swin(database: Database, actor: Actor, swin_id: SwnId) -> Swin:
    """Register a proposed number as another person than its author (a database constraint).

    Raises NotPermitted, NotFound, WrongState.
    """
    return _move(database, actor, swin_id, "register", {"approver": actor.id})


def withdraw_swin(database: Database, actor: Actor, swin_id: SwnId) -> Swin:
    """Take a proposal back. Raises NotPermitted, NotFound, WrongState."""
    return _move(database, actor, swin_id, "withdraw", {})


def retire_swin(database: Database, actor: Actor, swin_id: SwnId) -> Swin:
    """Retire a number: no release moves to it any more. Raises NotPermitted, NotFound, WrongState."""
    return _move(database, actor, swin_id, "retire", {})


def link_software(database: Database, actor: Actor, swin_id: SwnId, ecu_id: str, release_id: str) -> Swin:
    """Say that the software of a release for an ECU stands under a number; a link stays.

    Raises NotPermitted, NotFound, Unusable for an ECU of another vehicle type or no release id, Refused for a number
    that is withdrawn or retired, an unknown release, or a link that is there already.
    """
    if not _RELEASE.fullmatch(release_id):
        raise Unusable("release_id is no release id; it begins with REL-.", code="release.id", at="release_id")
    with database.begin(actor, attempt="swin.link", subject=swin_id) as work:
        actor.require(ROLE)
        known = store.load_swin(work, swin_id)
        if known.status not in ("proposed", "registered"):
            raise Refused(f"This number is {known.status}; propose another.", code="state.wrong")
        if products.load_ecu(work, ecu_id).vehicle_type_id != known.vehicle_type_id:
            raise Unusable(f"{ecu_id[:40]} is an ECU of another vehicle type.", code="ecu.other_type", at="ecu_id")
        row = {"swin_id": swin_id, "ecu_id": ecu_id, "release_id": release_id, "author": actor.id}
        work.insert(swin_link, row)
        work.record("swin.linked", swin_id, {"ecu": ecu_id, "release": release_id})
    return known


def _move(database: Database, actor: Actor, swin_id: SwnId, verb: str, changes: dict[str, Any]) -> Swin:
    with database.begin(actor, attempt=f"swin.{verb}", subject=swin_id) as work:
        store.load_swin(work, swin_id)
        step, row = work.move(swin, {"id": swin_id}, SWIN, verb, changes)
        work.record(f"swin.{step.target}", swin_id, {"vehicle_type": row.vehicle_type_id}, move=step)
        return swin_of_row(row)
