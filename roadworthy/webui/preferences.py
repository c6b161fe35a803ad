"""Language and theme: from the address (`?lang=`, `?theme=`), else the cookie, else the browser.

Plain links change them, so they work without JavaScript.
"""

from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request
from starlette.responses import Response

from roadworthy.i18n import Language, choose

_YEAR = 365 * 24 * 3600


class Theme(StrEnum):
    """How the console is lit; `auto` follows the operating system."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"

    @property
    def next(self) -> "Theme":
        """Give the theme that the switch leads to."""
        return {Theme.AUTO: Theme.DARK, Theme.DARK: Theme.LIGHT, Theme.LIGHT: Theme.AUTO}[self]


@dataclass(frozen=True)
class Preferences:
    """What one reader chose."""

    language: Language
    theme: Theme


def preferences(request: Request) -> Preferences:
    """Read the choices of this request's reader; words that mean nothing are passed over."""
    language = choose(
        request.query_params.get("lang", ""),
        request.cookies.get("lang", ""),
        request.headers.get("accept-language", ""),
    )
    for word in (request.query_params.get("theme"), request.cookies.get("theme")):
        if word in set(Theme):
            return Preferences(language, Theme(word))
    return Preferences(language, Theme.AUTO)


def remember(request: Request, response: Response) -> None:
    """Keep what the address of this request chose, for a year."""
    chosen = preferences(request)
    for name, value in (("lang", chosen.language), ("theme", chosen.theme)):
        if name in request.query_params:
            secure = request.url.scheme == "https"
            response.set_cookie(name, value, max_age=_YEAR, httponly=True, samesite="strict", secure=secure)


def switched(request: Request, **choice: str) -> str:
    """Give the address of the present page with `lang` or `theme` chosen otherwise; empty where none can be shown.

    The answer to a form has no address that could be asked for again, except the sign-in page.
    """
    if request.method != "GET" and request.url.path != "/sign-in":
        return ""
    url = request.url.include_query_params(**choice)
    return f"{url.path}?{url.query}"
