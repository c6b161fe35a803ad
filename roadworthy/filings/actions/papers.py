"""The documents of a filing: drawn forms, attachments, the stamped scan, the authority's receipt. Bytes lie by hash."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any

from roadworthy.couriers.media import JPEG, PDF, PNG, inspect
from roadworthy.couriers.scans import read_codes
from roadworthy.database import Actor, Database, Work
from roadworthy.documents import Kind, RecordRef
from roadworthy.documents import draw as draw_form
from roadworthy.filings import rules, store
from roadworthy.filings.actions import moving
from roadworthy.filings.actions.moving import OFFICER
from roadworthy.filings.model import DocId, Document, FilId, Filing, Kept, Role
from roadworthy.i18n import Language
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.law.forms import Filled
from roadworthy.storage import Artifacts

EXTENSIONS = tuple(str(kind) for kind in Kind)
MOST_PAGES = 10_000
_PICTURES = frozenset({PDF, PNG, JPEG})
_OPEN_TO_ATTACHMENTS = {"draft", "complete"}


def keep(artifacts: Artifacts, name: str, chunks: Iterable[bytes], declared: str = "") -> Kept:
    """Look through a file that somebody uploads, and keep it; `declared` is the media type that the sender names.

    Raises FileUnusable, and whatever `chunks` raises; nothing is kept then.
    """
    with TemporaryFile() as file:
        for chunk in chunks:
            file.write(chunk)
        seen = inspect(name, file, declared=declared)
        artifacts.put(file, expected_sha256=seen.sha256, expected_length=seen.length)
    return Kept(seen.name, seen.media_type, seen.sha256, seen.length)


def codes_on(artifacts: Artifacts, kept: Kept) -> tuple[str, ...]:
    """Give what the QR codes on a kept scan say. Raises ToldUnusable when it cannot be read at all."""
    if kept.media_type not in _PICTURES:
        return ()
    with artifacts.open(kept.sha256) as scan:
        return read_codes(scan, kept.media_type)


def attach(
    database: Database,
    actor: Actor,
    filing_id: FilId,
    role: Role,
    kept: Kept,
    *,
    pages: int | None = None,
    codes: Sequence[str] = (),
) -> Document:
    """Put a kept file beside a filing as an attachment, a stamped scan, or a receipt; the same file once.

    `pages` is how many pages a scan has, `codes` what its QR codes say. Raises NotPermitted, NotFound, Refused,
    Unusable.
    """
    with database.begin(actor, attempt="filing.attach", subject=filing_id) as work:
        actor.require(OFFICER)
        known = store.load_filing(work, filing_id)
        _check_role(known, role, kept, pages)
        made = _document(work, known, role, kept)
        return _save(work, replace(made, pages=pages, codes=tuple(dict.fromkeys(codes))), "filing.attached")


def confirm_scan(database: Database, actor: Actor, filing_id: FilId, document_id: DocId) -> Document:
    """Say, as somebody who did not upload it, that a scan is the stamped paper and all of it.

    Raises NotPermitted, NotFound, Refused.
    """
    with database.begin(actor, attempt="filing.confirm_scan", subject=filing_id) as work:
        actor.require(OFFICER)
        known = store.load_document(work, filing_id, document_id)
        if known.role is not Role.SCAN or known.confirmed_by is not None:
            raise Refused("Only a scan that nobody has confirmed yet is confirmed.", code="scan.confirmed")
        rules.check_other_than(known.author, actor.id, "confirm the own scan")
        confirmed = store.confirm_document(work, known, actor.id)
        work.record("filing.scan_confirmed", filing_id, _told(confirmed))
    return confirmed


def draw(
    database: Database,
    artifacts: Artifacts,
    actor: Actor,
    filing_id: FilId,
    kind: str,
    language: str,
    url: str,
) -> Document:
    """Draw the form of a filing as `docx`, `xlsx`, `pdf` or `json` in `zh` or `en`, and keep it.

    `url` is where the filing is shown. The same data give the same bytes, and are kept once.

    Raises NotPermitted, NotFound, Unusable.
    """
    if kind not in EXTENSIONS or language not in list(Language):
        raise Unusable(f"Draw one of {', '.join(EXTENSIONS)} in one of {', '.join(Language)}.", code="draw.form")
    actor.require(OFFICER)
    with database.read() as view:
        known = store.load_filing(view, filing_id)
        data = moving.filled(view, known)
    made = drawn(artifacts, known, data, kind, language, url)
    with database.begin(actor, attempt="filing.draw", subject=filing_id) as work:
        return save_drawn(work, known, made)


def drawn(artifacts: Artifacts, known: Filing, data: Filled, kind: str, language: str, url: str) -> Document:
    """Draw a form and keep its bytes, outside any transaction; `save_drawn` then makes it a document."""
    paper = draw_form(data, kind, language, RecordRef(known.id, url, known.created_at))
    kept = artifacts.put([paper.content])
    name = f"{known.kind}-{known.id}.{language}.{kind}"
    return Document(
        DocId.new(known.created_at), known.id, Role.FORM, name, paper.media_type, kept.sha256, kept.length, language,
        data.digest, known.round, None, (), tuple(one.to_json() for one in paper.warnings), "", None,
        store.new_salt(),
    )  # fmt: skip


def save_drawn(work: Work, known: Filing, made: Document) -> Document:
    """Make a drawn form a document of its filing; one that is there already is given back."""
    own: dict[str, Any] = {"id": DocId.new(work.now), "author": work.actor.id}
    return _save(work, replace(made, filing_id=known.id, **own), "filing.drawn")


def _check_role(known: Filing, role: Role, kept: Kept, pages: int | None) -> None:
    if role is Role.FORM:
        raise Unusable("Forms are drawn, not uploaded; an edited one is an attachment.", code="document.role")
    if role is Role.ATTACHMENT and known.status not in _OPEN_TO_ATTACHMENTS:
        raise Refused(f"A filing that is {known.status} takes no attachments; reopen or amend it.", code="state.wrong")
    if role is Role.SCAN and kept.media_type not in _PICTURES:
        raise Unusable("A scan is a PDF, PNG or JPEG; scan the paper again.", code="scan.type", at=kept.name)
    if role is Role.SCAN and (pages is None or not 1 <= pages <= MOST_PAGES):
        raise Unusable("Say how many pages the scan has.", code="scan.pages", at="pages")


def _document(work: Work, known: Filing, role: Role, kept: Kept) -> Document:
    return Document(
        DocId.new(work.now), known.id, role, kept.name, kept.media_type, kept.sha256, kept.length, None, None,
        known.round, None, (), (), work.actor.id, None, store.new_salt(),
    )  # fmt: skip


def _save(work: Work, made: Document, kind: str) -> Document:
    there = store.find_document(work, made.filing_id, made.role, made.sha256)
    if there is not None:
        return there
    store.save_document(work, made)
    work.record(kind, made.filing_id, _told(made))
    return made


def _told(one: Document) -> dict[str, Any]:
    """Give what the log tells: no name of a file, which a person chose."""
    return {
        "document": one.id,
        "role": str(one.role),
        "sha256": one.sha256,
        "media_type": one.media_type,
        "length": one.length,
        "language": one.language,
        "data_sha256": one.data_sha256,
        "pages": one.pages,
    }
