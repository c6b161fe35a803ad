"""Collect the words of pages into the catalogues: `python -m roadworthy.i18n.collect` (for developers)."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from roadworthy.i18n.catalog import FOLDER, Language

PACKAGE = Path(__file__).parents[1]
# The same extensions as webui.pages uses; without "silent" off, a template that cannot be read would be skipped.
OPTIONS = {"extensions": "jinja2.ext.do", "silent": "false", "trimmed": "true"}
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def words() -> Catalog:
    """Read every message id out of the package's templates and Python files, with where it stands."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for path, method in _sources():
        place = path.relative_to(PACKAGE.parent).as_posix()
        with path.open("rb") as file:
            for _line, message, comments, context in extract(method, file, KEYWORDS, options=OPTIONS):
                found.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


def update(language: Language) -> bytes:
    """Give a language's .po file brought up to date: known translations kept, gone ids dropped."""
    path = FOLDER / f"{language.locale}.po"
    fresh = words()
    known = Catalog(locale=language.locale)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language.locale)
    catalog = Catalog(locale=language.locale, project="Roadworthy", charset="utf-8", fuzzy=False)
    catalog.header_comment = f"# Roadworthy, fixed words of pages: {language.locale}. Kept by roadworthy.i18n.collect."
    for message in fresh:
        if not message.id:
            continue
        before = known.get(message.id)
        text = before.string if before else ""
        if not any(_parts(text)) and language is Language.EN:
            text = message.id  # the id is the English sentence
        catalog.add(message.id, text, locations=message.locations, auto_comments=message.auto_comments)
    written = io.BytesIO()
    write_po(written, catalog, sort_output=True, omit_header=False, width=0, include_lineno=False)
    return _without_dates(written.getvalue())


def missing(language: Language) -> list[str]:
    """List the ids that a page uses and the catalogue of a language does not translate."""
    with (FOLDER / f"{language.locale}.po").open("rb") as file:
        known = read_po(file, locale=language.locale)
    lost = []
    for message in words():
        there = known.get(message.id) if message.id else None
        if message.id and (there is None or there.fuzzy or not all(_parts(there.string))):
            lost.append(str(message.id))
    return sorted(lost)


def _parts(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _sources() -> Iterator[tuple[Path, str]]:
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            yield path, "python"
        elif path.suffix == ".html" and "templates" in path.parts:
            yield path, "jinja2.ext:babel_extract"


def _without_dates(text: bytes) -> bytes:
    """Drop the header lines that differ from run to run."""
    gone = (b'"POT-', b'"PO-', b'"Generated-By', b'"Last-Translator', b'"Language-Team', b'"Report-', b'"Project-')
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(gone))


if __name__ == "__main__":
    for one in Language:
        (FOLDER / f"{one.locale}.po").write_bytes(update(one))
