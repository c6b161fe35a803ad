"""Two people put a signed version beside the law, or in force; the system notes when it takes effect."""

from dataclasses import replace
from datetime import datetime

from roadworthy.database import Actor, Database, View, Work
from roadworthy.kernel.errors import NotPermitted
from roadworthy.rulebook import rules, store
from roadworthy.rulebook.actions.importing import SYSTEM
from roadworthy.rulebook.actions.reading import adoptions, as_recorded, decided, read_files
from roadworthy.rulebook.model import Activation, AcvId, Mode
from roadworthy.rulebook.states import ACTIVATION, PACK


def propose(
    database: Database, actor: Actor, digest: str, mode: Mode, wanted_from: datetime | None = None
) -> Activation:
    """Propose that a signed version counts from a moment on, or as soon as it is confirmed.

    Raises NotPermitted, NotFound, WrongState, Refused for a moment that is over, PackRefused when it does not fit
    beside what will then be in force.
    """
    with database.begin(actor, attempt="activation.propose", subject=digest[:64]) as work:
        actor.require(rules.COUNSEL)
        version = store.load_version(work, digest)
        begins = wanted_from or work.now
        rules.check_activation(version, mode, begins, work.now)
        rules.check_alone(store.activations(work, digest), mode)
        counsel, second = rules.approvers(store.approvals(work, digest))
        made = Activation(
            AcvId.new(work.now), digest, version.id, mode, begins, actor.id, None, counsel, second,
            ACTIVATION.initial, None, None, None,
        )  # fmt: skip
        _check_fit(work, made, begins)
        store.save_activation(work, made)
        told = {"mode": str(mode), "pack": version.id, "version_digest": digest}
        work.record("activation.proposed", made.id, told)
    return made


def confirm(database: Database, actor: Actor, activation_id: AcvId) -> Activation:
    """Confirm a proposal as another person: from its moment, or from now when that is over, the version counts.

    Raises NotPermitted, NotFound, WrongState, Refused, PackRefused.
    """
    with database.begin(actor, attempt="activation.confirm", subject=activation_id) as work:
        work.alone("law activation")
        known = store.load_activation(work, activation_id)
        if known.proposer == actor.id:
            raise NotPermitted("Who proposed it does not confirm it; ask another person.", code="four_eyes")
        begins = max(known.wanted_from, work.now)
        changes = {"confirmer": actor.id, "confirmed_at": work.now, "effective_from": begins}
        step, _ = work.move(store.pack_activation, {"id": activation_id}, ACTIVATION, "confirm", changes)
        rules.check_activation(store.load_version(work, known.digest), known.mode, begins, work.now)
        rules.check_alone([o for o in store.activations(work, known.digest) if o.id != known.id], known.mode)
        made = store.load_activation(work, activation_id)
        _check_fit(work, made, begins)
        work.record("activation.confirmed", activation_id, decided(made), move=step)
    return made


def withdraw(database: Database, actor: Actor, activation_id: AcvId) -> Activation:
    """Take back a proposal that nobody has confirmed. Raises NotPermitted, NotFound, WrongState."""
    with database.begin(actor, attempt="activation.withdraw", subject=activation_id) as work:
        store.load_activation(work, activation_id)
        step, _ = work.move(store.pack_activation, {"id": activation_id}, ACTIVATION, "withdraw")
        work.record("activation.withdrawn", activation_id, move=step)
        return store.load_activation(work, activation_id)


def settle(database: Database) -> int:
    """Note the effect of every activation whose moment has come; give how many there were.

    What is in force does not wait for this: it follows from the confirmation. The event tells those who must judge
    anew, and the versions that are replaced come to rest.
    """
    with database.read() as view:
        waiting, ended = store.due(view, view.now), store.trials_of_retired(view)
    for trial in ended:
        with database.begin(SYSTEM, attempt="activation.end", subject=trial.id) as work:
            _end(work, trial)
    for one in waiting:
        with database.begin(SYSTEM, attempt="activation.take_effect", subject=one.id) as work:
            work.alone("law activation")
            _take_effect(work, one)
    return len(waiting) + len(ended)


def _take_effect(work: Work, one: Activation) -> None:
    step, _ = work.move(store.pack_activation, {"id": one.id}, ACTIVATION, "take_effect")
    work.record("activation.took_effect", one.id, decided(one), move=step)
    others = [a for a in store.activations(work) if a.pack == one.pack and a.id != one.id and a.status == "in_effect"]
    if one.mode is Mode.SHADOW:
        _step(work, one.digest, "try", "pack.tried")
        return
    if store.load_version(work, one.digest).status == "shadow":
        _step(work, one.digest, "promote", "pack.promoted")
    for other in others:
        if other.mode is Mode.IN_FORCE or other.digest == one.digest:
            _end(work, other)
        if other.mode is Mode.IN_FORCE and other.digest != one.digest:
            _step(work, other.digest, "supersede", "pack.superseded")


def _end(work: Work, one: Activation) -> None:
    step, _ = work.move(store.pack_activation, {"id": one.id}, ACTIVATION, "end", {"ended_at": work.now})
    work.record("activation.ended", one.id, move=step)


def _step(work: Work, digest: str, verb: str, kind: str) -> None:
    step, _ = work.move(store.pack_version, {"digest": digest}, PACK, verb)
    work.record(kind, digest, move=step)


def _check_fit(view: View, made: Activation, begins: datetime) -> None:
    """Refuse what would not be fit at its moment, or at a later one when another confirmed change joins it."""
    known = [one for one in as_recorded(view, store.activations(view)) if one.id != made.id]
    as_if = replace(made, mode=Mode.IN_FORCE, confirmed_at=view.now, effective_from=begins)
    texts = store.sha256_by_digest(view)
    adopted = adoptions(view)
    later = [moment for moment in rules.turning_points((), known) if moment > begins]
    for moment in sorted([begins, *later]):
        read_files(view, rules.edition_at(adopted, [*known, as_if], texts, moment))
