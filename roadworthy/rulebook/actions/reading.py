"""The law of a moment, put together from the exact bytes that were adopted and activated.

What a row says of an activation counts only as far as its logged decision says the same: a row written in a SQL shell
changes no law.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadworthy.database import View
from roadworthy.database.history import data_of
from roadworthy.kernel.errors import Broken, NotFound, Refused
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import to_text
from roadworthy.law import Packs
from roadworthy.law.edition import pack_in, read_edition
from roadworthy.law.model import Pack
from roadworthy.law.permits import SCHEMA, Permit, read_permits
from roadworthy.law.reader import read_yaml
from roadworthy.rulebook import rules, store
from roadworthy.rulebook.model import UPGRADE, Activation, Adoption, LawFile

_KEPT = 16
_read: dict[tuple[LawFile, ...], Mapping[str, Packs]] = {}


@dataclass(frozen=True)
class InForce:
    """One pack that counts, and by what: the release that ships it, or an activation."""

    pack: Pack
    about: str
    activation: Activation | None
    shadow: bool = False


def packs_at(view: View, about: str = UPGRADE, moment: datetime | None = None) -> Packs:
    """Give the packs in force about a question at `moment`, or now.

    Raises Refused when nothing was adopted by then, NotFound for a question that no pack is about, PackRefused.
    """
    return _about(_law_at(view, moment or view.now), about)


def packs_of(view: View, identities: Sequence[Mapping[str, str]], about: str = UPGRADE) -> Packs:
    """Give the very packs that an old decision names, with their vocabulary and calendars, to judge it again.

    `identities` are rows {id, version, digest} as an answer holds them. Raises NotFound when they never were in force
    together here.
    """
    wanted = [dict(row) for row in identities]
    known = _recorded(view)
    for moment in rules.turning_points(adoptions(view), known):
        packs = _law_at(view, moment).get(about)
        if packs is not None and [dict(row) for row in packs.identities] == wanted:
            return packs
    raise NotFound("These packs were never in force together in this installation; check the identities.")


def candidate(view: View, digest: str) -> tuple[str, Packs]:
    """Give what an imported version is about, and the packs in force with it among them.

    Raises NotFound, PackRefused.
    """
    version = store.load_version(view, digest)
    files = rules.with_pack(files_at(view, view.now), version.id, version.sha256)
    found = read_files(view, files)
    _check_signed(found, {version.id: digest})
    return version.about, _about(found, version.about)


def candidate_of(view: View, text: bytes) -> tuple[Pack, str, Packs]:
    """Read a pack that is not imported: the pack, what it is about, and the packs in force with it among them.

    Raises LawFileUnreadable, PackRefused for a pack that is not fit beside those in force.
    """
    pack = pack_in(text, "pack.yaml")
    files = files_at(view, view.now)
    known = store.load_texts(view, (file.sha256 for file in files))
    here = next((f.name for f in files if f.pack == pack.id), f"packs/imported/{pack.id}.yaml")
    texts = {file.name: known[file.sha256] for file in files}
    return pack, pack.about, _about(read_edition(texts | {here: text}), pack.about)


def in_force(view: View) -> list[InForce]:
    """Give every pack that counts now, and those that are tried beside them, in the order of their ids."""
    known = _recorded(view)
    counting = rules.in_force(known, view.now)
    found = [
        InForce(pack, about, counting.get(pack.id))
        for about, packs in _law_at(view, view.now).items()
        for pack in packs.packs
    ]
    for activation in _tried(view, known):
        about, packs = candidate(view, activation.digest)
        found += [InForce(p, about, activation, shadow=True) for p in packs.packs if p.id == activation.pack]
    return sorted(found, key=lambda one: (one.pack.id, one.shadow))


def shadows(view: View, about: str = UPGRADE) -> list[tuple[Activation, Packs]]:
    """Give each version that is tried now, with the packs in force and it among them; for `rules.shadow`."""
    tried = [(one, *candidate(view, one.digest)) for one in _tried(view, _recorded(view))]
    return [(one, packs) for one, question, packs in tried if question == about]


def permits_at(view: View) -> tuple[Permit, ...]:
    """Give the level 3 permits among the files of the law now, in the order of files.

    Raises Refused when nothing was adopted, LawFileUnreadable, PackRefused.
    """
    files = [file for file in files_at(view, view.now) if file.name.startswith("packs/") and not file.pack]
    texts = store.load_texts(view, (file.sha256 for file in files))
    read = {file.name: read_yaml(texts[file.sha256].decode("utf-8"), file.name) for file in files}
    return read_permits({name: raw for name, raw in read.items() if raw.get("schema") == SCHEMA})


def files_at(view: View, moment: datetime) -> tuple[LawFile, ...]:
    """Give the files of the law at a moment; raises Refused when nothing was adopted by then."""
    return rules.edition_at(adoptions(view), _recorded(view), store.sha256_by_digest(view), moment)


def _law_at(view: View, moment: datetime) -> Mapping[str, Packs]:
    known = _recorded(view)
    files = rules.edition_at(adoptions(view), known, store.sha256_by_digest(view), moment)
    found = read_files(view, files)
    _check_signed(found, {pack: one.digest for pack, one in rules.in_force(known, moment).items()})
    return found


def _check_signed(found: Mapping[str, Packs], digests: Mapping[str, str]) -> None:
    """Refuse bytes that are not what the digest names that people signed."""
    read = {pack.id: pack.digest for packs in found.values() for pack in packs.packs}
    for pack, digest in digests.items():
        if read.get(pack) != digest:
            raise Broken(f"the text of {pack} is not what was signed as {digest}; run roadworthy verify.")


def read_files(view: View, files: tuple[LawFile, ...]) -> Mapping[str, Packs]:
    """Give the checked packs in some files by question; the last few editions stay in memory."""
    found = _read.get(files)
    if found is None:
        texts = store.load_texts(view, (file.sha256 for file in files))
        found = read_edition({file.name: texts[file.sha256] for file in files})
        while len(_read) >= _KEPT:
            _read.pop(next(iter(_read)), None)
        _read[files] = found
    return found


def adoptions(view: View) -> list[Adoption]:
    """Give those adoptions that were logged with just these files, oldest first; any other row is no law."""
    known = store.adoptions(view)
    told = data_of(view, "packs.adopted", [one.id for one in known])
    return [one for one in known if told.get(one.id, {}).get("files") == files_told(one.files)]


def files_told(files: Sequence[LawFile]) -> list[Json]:
    """Give what the event of an adoption says of its files."""
    return [[file.name, file.sha256] for file in files]


def as_recorded(view: View, known: Sequence[Activation]) -> list[Activation]:
    """Give those activations whose confirmation was logged, and says what the row says."""
    confirmed = [one for one in known if one.confirmed_at is not None]
    told = data_of(view, "activation.confirmed", [one.id for one in confirmed])
    return [one for one in confirmed if _says(told.get(one.id, {}), one)]


def _tried(view: View, known: Sequence[Activation]) -> list[Activation]:
    tried = rules.shadows(known, view.now)
    return [one for one in tried if store.load_version(view, one.digest).status != "retired"]


def _recorded(view: View) -> list[Activation]:
    return as_recorded(view, store.activations(view))


def _says(told: Mapping[str, Json], one: Activation) -> bool:
    said: dict[str, Any] = decided(one)
    return {name: told.get(name) for name in said} == said


def decided(one: Activation) -> dict[str, Json]:
    """Give what the event of a confirmation says."""
    begins = None if one.effective_from is None else to_text(one.effective_from)
    return {"effective_from": begins, "mode": str(one.mode), "pack": one.pack, "version_digest": one.digest}


def _about(found: Mapping[str, Packs], about: str) -> Packs:
    if about not in found:
        raise Refused(
            f"No pack in force is about {about[:40]}; these are: {', '.join(sorted(found))}.", code="law.about"
        )
    return found[about]
