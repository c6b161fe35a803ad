"""The product's two languages: gettext catalogues read from .po files, Beijing time, numbers.

Duties under Chinese law are counted and shown in Beijing time whatever the reader's language is.
"""

from roadworthy.i18n.catalog import Language, choose, translations
from roadworthy.i18n.formats import beijing, deadline, number, percent, said, span
from roadworthy.i18n.places import place

__all__ = [
    "Language", "beijing", "choose", "deadline", "number", "percent", "place", "said", "span", "translations",
]  # fmt: skip
