"""Pages: one Jinja environment per language, the shell's context, whole pages and fragments."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.responses import Response

from roadworthy.i18n import Language, beijing, deadline, number, percent, place, said, span, translations
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import SignInNeeded
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.webui import assets, menu
from roadworthy.webui.preferences import preferences, remember, switched
from roadworthy.webui.words import DECISIONS, text_of, word

_folders: dict[str, BaseLoader] = {"webui": FileSystemLoader(Path(__file__).parent / "templates")}


def add_templates(room: str, folder: Path) -> None:
    """Make a room's templates known as `room/name.html`."""
    _folders[room] = FileSystemLoader(folder)


@lru_cache
def environment(language: Language) -> Environment:
    """Give the Jinja environment of a language: everything escaped, an undefined name is an error."""
    made = Environment(
        autoescape=True,
        loader=PrefixLoader(_folders),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    catalogue = translations(language)
    made.install_gettext_callables(  # type: ignore[attr-defined] # comes with the i18n extension
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    made.filters |= {
        "beijing": beijing,
        "deadline": deadline,
        "number": lambda value: number(value, language),
        "percent": percent,
        "place": lambda name: place(name, language),
        "said": lambda text: said(text, language) if isinstance(text, Text) else text,
        "span": lambda seconds: span(seconds, language),
    }
    made.globals |= {
        "asset": assets.address,
        "decisions": DECISIONS,
        "lang": language,
        "text_of": text_of,
        "word": word,
    }
    return made


def draw(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """Render a template in the reader's language, with what the page frame needs added to `context`."""
    found = environment(preferences(request).language).get_template(template)
    return found.render(_shell(request) | dict(context))


def part_wanted(request: Request, *ids: str) -> str:
    """Say which of a page's regions htmx wants exchanged (by element id); empty for the whole page."""
    if request.headers.get("hx-request") != "true" or request.headers.get("hx-request-type") == "full":
        return ""
    wanted = request.headers.get("hx-target", "").partition("#")[2]
    return wanted if wanted in ids else ""


def respond(request: Request, body: str, *, status: int = 200, etag: str = "") -> Response:
    """Send a page or fragment: compressed, never stored by anyone, 304 when the reader has it already.

    Pages hold VINs, so no cache on the way or on disk may keep them; the ETag lives in the page itself.
    """
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request, HX-Target, Cookie, Accept-Language, Accept-Encoding"}
    if etag:
        headers["ETag"] = etag
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
    sent = body.encode()
    if len(sent) > 1000 and assets.accepts_gzip(request):
        sent = gzip.compress(sent, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    answer = Response(sent, status, headers, media_type="text/html")
    remember(request, answer)
    return answer


def etag_of(body: str) -> str:
    """Give a weak ETag (RFC 9110, 8.8.3) for rendered HTML."""
    return f'W/"{sha256(body.encode()).hexdigest()[:20]}"'


def _shell(request: Request) -> dict[str, Any]:
    """Give what every page's frame needs."""
    chosen = preferences(request)
    state = request.app.state
    return {
        "demo": bool(getattr(state, "demo", False)),
        "menu_groups": menu.groups(request),
        "path": request.url.path,
        "reader": _reader(request),
        "server_time": _now(request).isoformat(),
        "switched": lambda **choice: switched(request, **choice),
        "theme": chosen.theme,
    }


def _reader(request: Request) -> Text | str:
    """Give the name of the person in the top bar; empty when nobody is signed in or no name is known.

    Asked once a request: a page is drawn in several pieces.
    """
    if not hasattr(request.state, "reader"):
        naming = getattr(request.app.state, "reader_name", None)
        try:
            request.state.reader = naming(request) if naming else ""
        except SignInNeeded:
            request.state.reader = ""  # the sign-in page itself, and errors told to strangers
    reader: Text | str = request.state.reader
    return reader


def _now(request: Request) -> datetime:
    """Give the moment by the application's time; an error page must be drawn even before there is a database."""
    database = getattr(request.app.state, "database", None)
    time: Time = database.time if database else SystemTime()
    return time.now()
