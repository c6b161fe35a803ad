"""What the end of a campaign means for the registry: the permitted values have become those of the vehicle type.

A change permit is obtained before the upgrade (N45-7b), but until the upgrade is out the vehicles keep the old
values, and other upgrades are compared with those. So a permit's values are registered when a campaign that rested
on it completes, and only those that its vehicles attest. See docs/adr/0007.
"""

from collections.abc import Mapping

from roadworthy.admission import actions as admission
from roadworthy.admission.model import Ground
from roadworthy.campaigns import store
from roadworthy.campaigns.model import CmpId, GateDecision
from roadworthy.database import Actor, Database, View
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FilingKind
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.event import Json
from roadworthy.products.model import TypId


def register_permitted(database: Database, actor: Actor, campaign_id: CmpId, cause: str) -> int:
    """Register, for each vehicle type that installed it, the main parameters that a completed campaign has changed.

    Gives how many values are new. Repeating it changes nothing. `cause` is the id of the event of completion. A permit
    that has lost its force meanwhile registers nothing: the refusal stands in the log, and a person has to settle it.
    """
    with database.read() as view:
        newest = {found.vehicle_type_id: found for found in store.decisions(view, campaign_id)}
        done = {
            type_id: (permit, values)
            for type_id, found in newest.items()
            if store.has_attested(view, campaign_id, type_id)
            and (permit := _permit(view, found))
            and (values := _main_changes(view, found))
        }
    registered = 0
    ground = str(Ground.CHANGE_PERMIT)
    for type_id, (permit, values) in sorted(done.items()):
        try:
            new = admission.register_values(
                database, actor, TypId(type_id), values, ground=ground, reference=permit, cause=cause
            )
        except Refused as refusal:
            if refusal.error_code != "permit.none":
                raise
            continue
        registered += len(new)
    return registered


def _permit(view: View, decision: GateDecision) -> str | None:
    found = [filings_store.load_filing(view, filing_id) for filing_id in decision.filing_ids]
    return next((one.id for one in found if one.kind is FilingKind.MIIT_CHANGE_PERMIT), None)


def _main_changes(view: View, decision: GateDecision) -> Mapping[str, Json]:
    facts, _ = store.decision_basis(view, decision.id)
    return {change["name"]: change["after"] for change in facts.get("changed_parameters") or () if change["is_main"]}
