"""Two people other than the author read a version and sign it: counsel first, then the second."""

import secrets

from roadworthy.database import Actor, Database
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.rulebook import rules, store
from roadworthy.rulebook.actions.importing import parse_remark
from roadworthy.rulebook.model import Approval, Meaning, PackVersion
from roadworthy.rulebook.states import PACK

_VERB = {
    (rules.COUNSEL, Meaning.APPROVE): ("sign", "pack.signed"),
    (rules.SECOND, Meaning.APPROVE): ("approve", "pack.approved"),
    (rules.COUNSEL, Meaning.REFUSE): ("refuse", "pack.refused"),
    (rules.SECOND, Meaning.REFUSE): ("decline", "pack.declined"),
}


def sign(
    database: Database, actor: Actor, digest: str, meaning: Meaning = Meaning.APPROVE, remark: str = ""
) -> PackVersion:
    """Approve or refuse exactly the bytes that `digest` names; a refusal says why and ends the version.

    Who signs first signs as counsel (compliance_officer), who signs after as second (release_manager). The event
    binds the digest. Raises NotPermitted, NotFound, WrongState, Refused, Unusable for a refusal without a remark.
    """
    said = parse_remark(remark) if meaning is Meaning.REFUSE or remark else ""
    with database.begin(actor, attempt="pack.sign", subject=digest[:64]) as work:
        version = store.load_version(work, digest)
        given = store.approvals(work, digest)
        role = rules.SECOND if given else rules.COUNSEL
        if version.status != "in_review":
            raise WrongState(f"A rule pack that is {version.status} cannot be signed; it can while in_review.")
        actor.require(role)
        rules.check_signature(version, given, actor.id, role)
        verb, kind = _VERB[role, meaning]
        step, _ = work.move(store.pack_version, {"digest": digest}, PACK, verb)
        made = Approval(digest, actor.id, role, meaning, said, work.now)
        store.save_approval(work, made, version.author, secrets.token_hex(16))
        told = {"digest": digest, "meaning": str(meaning), "pack": version.id, "role": role, "version": version.version}
        work.record(kind, digest, told, move=step)
        return store.load_version(work, digest)
