"""Bring in what is shipped, and packs of law that people wrote."""

from hashlib import sha256

from roadworthy.accounts import store as accounts_store
from roadworthy.database import Actor, Database, View
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json
from roadworthy.law.edition import Texts, is_pack, pack_in, read_edition, shipped_texts
from roadworthy.rulebook import rules, store
from roadworthy.rulebook.actions.reading import adoptions, candidate_of, files_at, files_told
from roadworthy.rulebook.model import AdoId, Adoption, LawFile, PackVersion
from roadworthy.rulebook.states import PACK

SYSTEM = Actor("system:rulebook")
_REMARK = 400


def adopt(database: Database, texts: Texts | None = None) -> bool:
    """Record the files of the law that this release ships, unless the newest adoption holds just these.

    They are the law from then on, but for packs that people have activated. Gives whether anything was recorded.
    Raises LawFileUnreadable, PackRefused for files that are not fit.
    """
    shipped = shipped_texts() if texts is None else texts
    files = tuple(LawFile(n, sha256(text).hexdigest(), _pack_id(n, text)) for n, text in sorted(shipped.items()))
    with database.read() as view:
        if _newest(view) == files:
            return False
    read_edition(shipped)
    with database.begin(SYSTEM) as work:
        work.alone("law adoption")
        if _newest(work) == files:
            return False
        made = Adoption(AdoId.new(work.now), files, work.now)
        store.keep_texts(work, shipped.values())
        store.save_adoption(work, made)
        work.record("packs.adopted", made.id, {"files": files_told(files)})
    return True


def import_pack(database: Database, actor: Actor, text: bytes, author: str = "") -> PackVersion:
    """Bring in a version of a pack as its exact bytes; it is read and checked among the packs in force.

    `author` is the id of the person who wrote it, the actor when empty; that person will not sign it. Raises
    NotPermitted, LawFileUnreadable, PackRefused, NotFound for an unknown author, AlreadyThere.
    """
    if "administrator" in actor.roles:  # a big pack is checked before anybody else has to wait for this writer
        with database.read() as view:
            candidate_of(view, text)
    with database.begin(actor, attempt="pack.import") as work:
        actor.require("administrator")
        if author:
            accounts_store.load_person(work, author)
        pack, about, _ = candidate_of(work, text)
        rules.check_import(pack.id, pack.version, _known(work))
        _check_names(pack.id, pack.version)
        made = PackVersion(
            pack.digest, pack.id, pack.version, about, sha256(text).hexdigest(), author or actor.id, PACK.initial,
            pack.status, work.now,
        )  # fmt: skip
        store.keep_texts(work, [text])
        store.save_version(work, made)
        work.record("pack.imported", made.digest, _facts(made))
    return made


def submit(database: Database, actor: Actor, digest: str) -> PackVersion:
    """Put a draft before the two who sign. Raises NotPermitted, NotFound, WrongState."""
    return _moved(database, actor, digest, "submit", "pack.submitted")


def discard(database: Database, actor: Actor, digest: str) -> PackVersion:
    """Put a draft away for good. Raises NotPermitted, NotFound, WrongState."""
    return _moved(database, actor, digest, "discard", "pack.discarded")


def retire(database: Database, actor: Actor, digest: str) -> PackVersion:
    """Put a signed version away that is not in force, and is not going to be; its trial ends.

    What is in force is never just taken away, since its gates would open: another version takes its place. Raises
    NotPermitted, NotFound, WrongState, Refused.
    """
    with database.begin(actor, attempt="pack.retire", subject=digest) as work:
        store.load_version(work, digest)
        rules.check_not_needed(store.activations(work, digest))
        step, _ = work.move(store.pack_version, {"digest": digest}, PACK, "retire")
        work.record("pack.retired", digest, move=step)
        return store.load_version(work, digest)


def parse_remark(remark: str) -> str:
    """Read a reason of 1 to 400 characters; raises Unusable."""
    said = " ".join(remark.split())
    if not 1 <= len(said) <= _REMARK:
        raise Unusable(f"Say why in 1 to {_REMARK} characters.", at="remark")
    return said


def _moved(database: Database, actor: Actor, digest: str, verb: str, kind: str) -> PackVersion:
    with database.begin(actor, attempt=f"pack.{verb}", subject=digest[:64]) as work:
        store.load_version(work, digest)
        step, _ = work.move(store.pack_version, {"digest": digest}, PACK, verb)
        work.record(kind, digest, move=step)
        return store.load_version(work, digest)


def _newest(view: View) -> tuple[LawFile, ...] | None:
    known = adoptions(view)
    return known[-1].files if known else None


def _pack_id(name: str, text: bytes) -> str:
    return pack_in(text, name).id if is_pack(text, name) else ""


def _known(view: View) -> set[tuple[str, str]]:
    """Give (id, version) of every version there is: in force or shipped, and imported."""
    files = [file for file in files_at(view, view.now) if file.pack]
    files += [file for one in adoptions(view) for file in one.files if file.pack]
    texts = store.load_texts(view, {file.sha256 for file in files})
    shipped = {(file.pack, pack_in(texts[file.sha256], file.name).version) for file in files}
    return shipped | {(one.id, one.version) for one in store.versions(view)}


def _check_names(pack_id: str, version: str) -> None:
    if not (len(pack_id) <= 120 and pack_id.isascii() and len(version) <= 40 and version.isascii()):
        raise Unusable("A pack's id has at most 120 and its version at most 40 ASCII characters.", at="id")


def _facts(made: PackVersion) -> dict[str, Json]:
    return {
        "about": made.about,
        "author": made.author,
        "digest": made.digest,
        "pack": made.id,
        "sha256": made.sha256,
        "version": made.version,
    }
