"""Languages, and the gettext catalogues as they lie in the repository."""

import gettext
import io
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locales"


class Language(StrEnum):
    """A language of the product, by the code used in addresses and cookies."""

    ZH = "zh"
    EN = "en"

    @property
    def locale(self) -> str:
        """Give the catalogue's and Babel's name of this language."""
        return "zh_CN" if self is Language.ZH else "en"

    @property
    def tag(self) -> str:
        """Give the BCP 47 tag for HTML's `lang`."""
        return "zh-CN" if self is Language.ZH else "en"

    @property
    def other(self) -> "Language":
        """Give the language one would switch to."""
        return Language.EN if self is Language.ZH else Language.ZH


def choose(wanted: str = "", remembered: str = "", accepted: str = "") -> Language:
    """Pick a language: the address (`?lang=`) before the cookie before Accept-Language before Chinese.

    Words that are no language of the product are passed over, as browsers send any.
    """
    for word in (wanted, remembered, *_by_weight(accepted)):
        try:
            return Language(word[:2].lower())
        except ValueError:
            continue
    return Language.ZH


def _by_weight(accepted: str) -> list[str]:
    """Give the languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for item in accepted.split(",")[:20]:
        name, _, weight = item.partition(";q=")
        try:
            weighted.append((float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0 and len(name) > 1]


@lru_cache
def translations(language: Language) -> gettext.GNUTranslations:
    """Load a language's catalogue.

    The .po file is compiled in memory, so neither an installation nor a developer has a build step.
    """
    with (FOLDER / f"{language.locale}.po").open("rb") as file:
        catalog = read_po(file, locale=language.locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
