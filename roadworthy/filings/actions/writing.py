"""Writing a paper, up to the second signature."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import rules, store
from roadworthy.filings.actions import moving
from roadworthy.filings.actions.moving import OFFICER, UNSENT
from roadworthy.filings.model import FORMS, Authority, FilId, Filing, FilingKind, Scope, Wish
from roadworthy.filings.states import FILING
from roadworthy.kernel.decision import Finding
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.products import store as products
from roadworthy.products.rules import parse_value, parse_words

STAGE = {"draft": "complete", "complete": "submit", "signed_off": "submit"}


def draft(
    database: Database, actor: Actor, kind: str, scope: Scope, facts: Mapping[str, Any] | None = None, **more: Any
) -> Filing:
    """Draft a paper, one for each of its authorities, and give the first; `more` are fields of Wish.

    Raises as `draft_all`.
    """
    if kind not in list(FilingKind):
        raise Unusable(f"kind is one of {', '.join(FilingKind)}.", code="kind.unknown", at="kind")
    return draft_all(database, actor, Wish(FilingKind(kind), scope, facts or {}, **more))[0]


def draft_all(database: Database, actor: Actor, wish: Wish) -> tuple[Filing, ...]:
    """Draft what is wished for: one paper for each authority, of one group; what its form needs may be missing.

    Raises NotPermitted, NotFound for an unknown vehicle type or paper, Refused, Unusable.
    """
    with database.begin(actor, attempt="filing.draft") as work:
        actor.require(OFFICER)
        return prepare(work, wish)


def prepare(work: Work, wish: Wish) -> tuple[Filing, ...]:
    """Draft within the unit of work of the room that wants the paper, whose action has asked for the role.

    Raises NotFound, Refused, Unusable.
    """
    scope, facts = _checked(work, wish.kind, wish.scope), rules.check_facts(wish.facts)
    subject_type, subject_id = rules.check_subject(wish.subject)
    version = moving.newest_form(work, str(wish.kind)).version
    group = _group(work, wish)
    made: list[Filing] = []
    for authority in _authorities(wish):
        own = FilId.new(work.now)
        group = group or own
        one = Filing(
            own, group, wish.kind, authority, scope, facts, version, 1, subject_type, subject_id, wish.amends,
            work.actor.id, None, None, FILING.initial, None, None, None, None, None, None, None, None, None, None, None,
            store.new_salt(), work.now,
        )  # fmt: skip
        store.save_filing(work, one)
        work.record("filing.drafted", own, moving.told(one))
        made.append(one)
    return tuple(made)


def revise(
    database: Database, actor: Actor, filing_id: FilId, facts: Mapping[str, Any] | None = None, **changes: Any
) -> Filing:
    """Change a draft: `facts` as a JSON merge patch, `changes` of fields of Scope; only its author may.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.revise", subject=filing_id) as work:
        actor.require(OFFICER)
        known = store.load_filing(work, filing_id)
        rules.check_author(known, actor.id)
        if known.status != FILING.initial:
            raise WrongState(
                f"A filing that is {known.status} cannot be revised; one that is not sent is reopened first, "
                "a returned one amended."
            )
        changed = store.change_filing(work, filing_id, _changes(work, known, facts, changes), known.status)
        work.record("filing.revised", filing_id, moving.told(changed))
    return changed


def findings(view: View, filing_id: str) -> tuple[Finding, ...]:
    """Give what stands between a filing and its next step; empty when nothing does, or when it has been sent.

    Raises NotFound.
    """
    known = store.load_filing(view, filing_id)
    return moving.lacking(view, known, STAGE[known.status]) if known.status in STAGE else ()


def complete(database: Database, actor: Actor, filing_id: FilId) -> Filing:
    """Say that a draft says everything its form asks for; whether it agrees with the other paper is for the sign-off.

    Raises NotPermitted, NotFound, WrongState, Incomplete with the findings.
    """
    return _checked_move(database, actor, filing_id, "complete", "complete", {})


def sign_off(database: Database, actor: Actor, filing_id: FilId) -> Filing:
    """Sign a complete paper off, as somebody other than its author; everything the submission needs is checked.

    Raises NotPermitted, NotFound, WrongState, Incomplete with the findings.
    """
    return _checked_move(database, actor, filing_id, "sign_off", "submit", {"signed_by": actor.id})


def reopen(database: Database, actor: Actor, filing_id: FilId) -> Filing:
    """Make a paper that is not sent a draft again; a signature on it is void.

    Raises NotPermitted, NotFound, WrongState.
    """
    with database.begin(actor, attempt="filing.reopen", subject=filing_id) as work:
        moving.known(work, filing_id, "reopen")
        return moving.move(work, filing_id, "reopen", {"signed_by": None})


def drop(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Give up a paper that the authority does not have.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.drop", subject=filing_id) as work:
        moving.known(work, filing_id, "drop")
        return moving.move(work, filing_id, "drop", {"remark": parse_words(remark, "remark", 2_000)})


def amend(
    database: Database, actor: Actor, filing_id: FilId, facts: Mapping[str, Any] | None = None, **changes: Any
) -> Filing:
    """Make a returned filing a draft again, with changes as for `revise`; only its author may.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.amend", subject=filing_id) as work:
        known = moving.known(work, filing_id, "amend")
        rules.check_author(known, actor.id)
        columns = _changes(work, known, facts, changes) | UNSENT | {"signed_by": None, "round": known.round + 1}
        return moving.move(work, filing_id, "amend", columns)


def _checked_move(
    database: Database, actor: Actor, filing_id: FilId, verb: str, stage: str, changes: dict[str, Any]
) -> Filing:
    with database.begin(actor, attempt=f"filing.{verb}", subject=filing_id) as work:
        known = moving.known(work, filing_id, verb)
        if verb == "sign_off":
            rules.check_other_person(known, actor.id, "sign it off")
        work.alone(f"filings {known.group_id}")  # else two papers could contradict each other and both be signed
        found = moving.lacking(work, known, stage, compare=verb == "sign_off")
        moving.require_whole(found, known, f"be {'signed off' if verb == 'sign_off' else 'complete'}")
        return moving.move(work, filing_id, verb, changes)


def _authorities(wish: Wish) -> tuple[Authority, ...]:
    all_of_it = FORMS[wish.kind].authorities
    if wish.authority is None:
        return all_of_it
    if wish.authority not in all_of_it:
        raise Unusable(f"A {wish.kind} goes to {', '.join(all_of_it)}.", code="authority.other", at="authority")
    return (wish.authority,)


def _group(view: View, wish: Wish) -> FilId | None:
    """Give the group of the papers beside or before it, None for a new one. Raises NotFound, Refused."""
    if wish.amends is not None:
        old = store.load_filing(view, wish.amends)
        if old.kind is not wish.kind or old.status not in {"valid", "suspended", "closed"}:
            raise Refused(
                f"{old.id} is a {old.kind} that is {old.status}; one amends a paper of the same kind that is in force.",
                code="amends.other",
            )
    return store.load_filing(view, wish.beside).group_id if wish.beside is not None else None


def _changes(work: Work, known: Filing, facts: Mapping[str, Any] | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    if stray := sorted(set(changes) - set(Scope.__dataclass_fields__)):
        raise Unusable(f"{', '.join(stray)} cannot be changed; these can: {', '.join(Scope.__dataclass_fields__)}.")
    columns = store.scope_columns(_checked(work, known.kind, replace(known.scope, **changes)))
    return columns if facts is None else columns | {"facts": rules.check_facts(rules.merged(known.facts, facts))}


def _checked(work: Work, kind: FilingKind, scope: Scope) -> Scope:
    types = tuple(dict.fromkeys(scope.vehicle_type_ids or ()))
    for type_id in types:
        products.load_vehicle_type(work, type_id)
    values = scope.parameter_values
    if values is not None:
        definitions = products.all_definitions(work)
        if unknown := sorted({key for by_key in values.values() for key in by_key} - set(definitions)):
            raise Unusable(f"Unknown parameter: {', '.join(unknown[:5])}; define it first.", at=unknown[0])
        values = {
            one: {key: parse_value(definitions[key], by_key[key]) for key in sorted(by_key)}
            for one, by_key in values.items()
        }
    return rules.check_scope(kind, replace(scope, vehicle_type_ids=types, parameter_values=values))
