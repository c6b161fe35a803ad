"""Pure rules over products.

1. A value is read by its parameter's type: numbers become plain decimal text, text loses outer blanks, a list is a
   set of texts. Floats are refused: 0.1 has no exact binary form, so its bytes would not be reproducible.
2. What touched ECUs can influence is the union of their lists; an ECU with an unknown list influences everything.
3. One ECU of a type is its primary.
4. Which Annex 2 parameters a model needs follows from what it registered; an unknown condition counts as met.
5. An amendment that could make the law ask for less is known as such: it needs a second person.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.products.model import Ecu, ParameterDefinition, ParameterType, VehicleType
from roadworthy.products.sheets.cells import items_from_cell, items_to_cell

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_HARDWARE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODEL_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_NOTHING = re.compile(r"\\*\(none\)")  # written with a backslash more where it is itself the value
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?")
MAX_TEXT, MAX_LIST = 20_000, 1_000
# `parameter:` and a key name the subject of an event (64 characters); an amended list stands in an event twice.
MAX_KEY, MAX_INFLUENCES = 54, 400


class NoPrimary(Refused):
    """Mark one ECU of this vehicle type as primary; it is the one that talks to the server."""

    code = "ecu.no_primary"


def influenced_by(ecus: Iterable[Ecu], defined: Iterable[str]) -> frozenset[str]:
    """Give the keys of all parameters that the software of `ecus` (the touched ones) can change.

    `defined` are all defined keys: they all count for an ECU whose list nobody has determined.
    """
    everything = frozenset(defined)
    found: set[str] = set()
    for ecu in ecus:
        found |= everything if ecu.influences is None else set(ecu.influences)
    return frozenset(found)


def primary_of(ecus: Iterable[Ecu]) -> Ecu:
    """Give the primary ECU of a type: the marked one, or the only one.

    Raises NoPrimary.
    """
    known = list(ecus)
    marked = [ecu for ecu in known if ecu.is_primary]
    if len(marked) != 1 and len(known) != 1:
        raise NoPrimary
    return (marked or known)[0]


def parse_key(text: str) -> str:
    """Read a parameter key such as `acc.max_speed`.

    Raises Unusable.
    """
    if len(text.strip()) > MAX_KEY:
        raise Unusable(f"A key has at most {MAX_KEY} characters.", code="key.unusable", at="key")
    return _matching(_KEY, text, "key", "lower-case letters, digits, _ and points, a letter first")


def parse_hardware_id(text: str) -> str:
    """Read a hardware id; it becomes part of signed paths.

    Raises Unusable.
    """
    return _matching(_HARDWARE_ID, text, "hardware_id", "at most 64 of A-Z a-z 0-9 . _ -, a letter or digit first")


def parse_model_code(text: str) -> str:
    """Read the model code of the announcement.

    Raises Unusable.
    """
    return _matching(_MODEL_CODE, text, "model_code", "at most 32 of A-Z a-z 0-9 . _ -, a letter or digit first")


def parse_number(value: Any, at: str = "") -> str:
    """Read a number (text or whole number) into plain decimal text: `12.50` gives `12.5`, `1e3` gives `1000`.

    Raises Unusable for floats and anything else.
    """
    if isinstance(value, float):
        raise Unusable(f'Write {at or "the number"} as text, like "12.5": JSON floats are not exact.', at=at)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unusable(f"{value!r} is no number for {at}.", code="value.type", at=at)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if not _NUMBER.fullmatch(text):
        raise Unusable(f"{text[:60]!r} is no number for {at}; write digits, like 12.5.", code="value.type", at=at)
    try:
        plain = format(Decimal(text), "f")
    except InvalidOperation as error:
        raise Unusable(f"{text[:60]!r} is no number for {at}.", code="value.type", at=at) from error
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def parse_value(definition: ParameterDefinition, value: Any) -> Any:
    """Read a value for a parameter into the form in which it is kept.

    Number: decimal text. Text: without outer blanks. Bool: true or false. List: texts, sorted, each once.
    Raises Unusable naming the key and the type.
    """
    key = definition.key
    if definition.type is ParameterType.NUMBER:
        return parse_number(value, key)
    if definition.type is ParameterType.BOOL and isinstance(value, bool):
        return value
    if definition.type is ParameterType.TEXT and isinstance(value, str):
        return _text(value, key)
    if definition.type is ParameterType.LIST and isinstance(value, list | tuple):
        if len(value) > MAX_LIST or not all(isinstance(item, str) for item in value):
            raise Unusable(f"{key} takes a list of at most {MAX_LIST} texts.", code="value.type", at=key)
        return sorted({_text(item, key) for item in value} - {""})
    raise Unusable(f"{key} takes a {definition.type}, not {str(value)[:60]!r}.", code="value.type", at=key)


def value_from_cell(definition: ParameterDefinition, cell: str) -> Any:
    """Read a value from one cell of a table: true/false for bool, items divided by | for lists, (none) for nothing.

    Raises Unusable.
    """
    if definition.type in (ParameterType.TEXT, ParameterType.LIST) and _NOTHING.fullmatch(cell):
        cell = cell[1:] if cell.startswith("\\") else ""
    if definition.type is ParameterType.BOOL:
        word = cell.strip().lower()
        if word not in ("true", "false"):
            raise Unusable(f"{definition.key} takes true or false, not {cell[:60]!r}.", at=definition.key)
        return word == "true"
    if definition.type is ParameterType.LIST:
        return parse_value(definition, items_from_cell(cell))
    return parse_value(definition, cell)


def value_to_cell(value: Any) -> str:
    """Write a kept value into one cell; `value_from_cell` reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    cell = items_to_cell(value) if isinstance(value, list) else str(value)
    return f"\\{cell}" if _NOTHING.fullmatch(cell) else cell or "(none)"


def needed(definitions: Iterable[ParameterDefinition], values: Mapping[str, Any]) -> tuple[ParameterDefinition, ...]:
    """Give the Annex 2 parameters that a model with these registered values needs (N45-2a).

    A condition that is not registered is unknown, and then the parameter is needed.
    """
    return tuple(one for one in definitions if one.annex2 and _applies(one, values))


def _applies(one: ParameterDefinition, values: Mapping[str, Any]) -> bool:
    return one.needed_if is None or values.get(one.needed_if) is not False


def parse_words(text: str, what: str, longest: int = 120) -> str:
    """Read a name of 1 to `longest` printable characters.

    Raises Unusable.
    """
    words = " ".join(text.split())
    if not words or len(words) > longest or not words.isprintable():
        raise Unusable(f"{what} must have 1 to {longest} printable characters.", code="text.unusable", at=what)
    return words


def _text(value: str, key: str) -> str:
    if len(value) > MAX_TEXT:
        raise Unusable(f"{key} has {len(value)} characters; at most {MAX_TEXT} are kept.", code="value.long", at=key)
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text):
        raise Unusable(f"{key} holds a control character; remove it.", code="value.control", at=key)
    return text


def _matching(form: re.Pattern[str], text: str, what: str, told: str) -> str:
    if not form.fullmatch(text.strip()):
        raise Unusable(f"{text[:80]!r} is no {what}; use {told}.", code=f"{what}.unusable", at=what)
    return text.strip()


def loosens_type(before: VehicleType, after: VehicleType) -> bool:
    """Whether an amendment could make the law ask for less: a lower level, an imported model, Annex 2 on file."""
    return (
        after.automation_level < before.automation_level
        or (after.imported and not before.imported)
        or (after.annex2_supplemented and not before.annex2_supplemented)
    )


def loosens_ecu(before: Ecu, after: Ecu) -> bool:
    """Whether an amendment could hide a change from the gate: fewer influenced parameters, or a mark taken away."""
    fewer = after.influences is not None and (
        before.influences is None or set(before.influences) - set(after.influences)
    )
    return bool(
        fewer
        or (before.holds_driving_automation and not after.holds_driving_automation)
        or (before.approval_relevant and not after.approval_relevant)
    )


def loosens_parameter(before: ParameterDefinition, after: ParameterDefinition) -> bool:
    """Whether an amendment could turn a change of a main parameter into none, or ask a model for fewer parameters.

    No longer main, more tolerance, another unit; no longer of Annex 2, needed less often, or without a report.
    """
    wider = Decimal(after.tolerance or "0") > Decimal(before.tolerance or "0")
    fewer = before.annex2 and (
        not after.annex2 or (after.needed_if is not None and after.needed_if != before.needed_if)
    )
    unverified = before.needs_report and not after.needs_report
    main = before.counts_as_main and not after.counts_as_main
    return wider or main or fewer or unverified or before.unit != after.unit
