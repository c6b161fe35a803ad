"""Read the fields of a pack strictly: each is taken by name and type, and what is left over is refused."""

from collections.abc import Mapping
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.time import parse_date
from roadworthy.law.condition import ALWAYS, OPERATORS, AllOf, AnyOf, Condition, FactRef, Not, Test

_REQUIRED = object()


class PackRefused(Unusable):
    """This pack is not fit to decide anything; correct what the message names."""

    code = "law.pack_refused"


class Fields:
    """One mapping of a pack; `place` says where it stands (pack, rule) in every message."""

    def __init__(self, raw: Any, place: str) -> None:
        if not isinstance(raw, Mapping):
            raise PackRefused(f"{place}: is {raw!r}, not a mapping; write its fields.")
        self._left = dict(raw)
        self.place = place

    def take(self, key: str, kind: type, default: Any = _REQUIRED) -> Any:
        """Give field `key` of `kind` (bool is no int); raises PackRefused when absent or of another kind."""
        value = self._left.pop(key, _REQUIRED)
        if value is _REQUIRED:
            if default is _REQUIRED:
                raise PackRefused(f"{self.place}: {key} is missing; add it.")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise PackRefused(f"{self.place}: {key} is {value!r}; it must be {kind.__name__}.")
        return value

    def one_of(self, key: str, words: tuple[str, ...], default: str = "") -> str:
        """Give one word of a closed list."""
        value: str = self.take(key, str, default or _REQUIRED)
        if value not in words:
            raise PackRefused(f"{self.place}: {key} is {value!r}; use one of {', '.join(words)}.")
        return value

    def words(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """Give a list of texts."""
        values = self.take(key, list, default)
        if not all(isinstance(v, str) for v in values):
            raise PackRefused(f"{self.place}: {key} holds something that is no text; quote it.")
        return tuple(values)

    def text(self, key: str, default: Text | None = None) -> Text:
        """Give a sentence in both languages; one language alone is refused."""
        if key not in self._left and default is not None:
            return default
        inner = Fields(self.take(key, dict), f"{self.place}: {key}")
        text = Text(inner.take("zh", str), inner.take("en", str))
        inner.done()
        if not text.zh.strip() or not text.en.strip():
            raise PackRefused(f"{self.place}: {key} lacks its Chinese or its English text; write both.")
        return text

    def day(self, key: str, default: Any = _REQUIRED) -> str | None:
        """Give a date as text YYYY-MM-DD, or the default."""
        value = self._left.pop(key, None)
        if value is None:
            if default is _REQUIRED:
                raise PackRefused(f"{self.place}: {key} is missing; add the date.")
            return default  # type: ignore[no-any-return]  # the caller's own default
        try:
            return parse_date(value).isoformat()
        except Malformed as error:
            raise PackRefused(f"{self.place}: {key}: {error.message}") from error

    def nullable(self, key: str) -> str | None:
        """Give a text that may be null but must be written."""
        if key not in self._left:
            raise PackRefused(f"{self.place}: {key} is missing; write null when there is none.")
        value = self._left.pop(key)
        if value is not None and not isinstance(value, str):
            raise PackRefused(f"{self.place}: {key} is {value!r}; write text or null.")
        return value

    def condition(self, key: str, default: Condition | None = None) -> Condition:
        """Give a condition; absent without a default is refused."""
        if key not in self._left and default is not None:
            return default
        return read_condition(self.take(key, dict), f"{self.place}: {key}")

    def maybe_condition(self, key: str) -> Condition | None:
        """Give a condition or None when the field is absent."""
        return self.condition(key) if key in self._left else None

    def names(self) -> tuple[str, ...]:
        """Give the fields not taken yet."""
        return tuple(self._left)

    def has(self, key: str) -> bool:
        """Whether the field stands there."""
        return key in self._left

    def done(self) -> None:
        """Refuse fields nobody asked for."""
        if self._left:
            raise PackRefused(f"{self.place}: unknown field {', '.join(sorted(self._left))}; remove or correct it.")


def read_condition(raw: Any, place: str) -> Condition:
    """Read one condition; raises PackRefused for an unknown operator or an empty list (nothing passes by silence)."""
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise PackRefused(f"{place}: {raw!r} is no condition; write one of all, any, not, or a fact with its test.")
    [(key, value)] = raw.items()
    if key in ("all", "any"):
        if not isinstance(value, list) or not value:
            raise PackRefused(f"{place}: {key} needs a list with at least one condition.")
        parts = tuple(read_condition(part, place) for part in value)
        return AllOf(parts) if key == "all" else AnyOf(parts)
    if key == "not":
        return Not(read_condition(value, place))
    return _read_test(key, value, place)


def _read_test(fact: str, raw: Any, place: str) -> Test:
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise PackRefused(f"{place}: {fact} needs exactly one test such as {{eq: true}}.")
    [(op, operand)] = raw.items()
    if op not in OPERATORS:
        raise PackRefused(f"{place}: unknown operator {op!r} on {fact}; use one of {', '.join(OPERATORS)}.")
    if isinstance(operand, Mapping):
        if set(operand) != {"fact"} or not isinstance(operand["fact"], str):
            raise PackRefused(f"{place}: {fact} {op}: write a value, or {{fact: NAME}}.")
        return Test(fact, op, FactRef(operand["fact"]))
    return Test(fact, op, tuple(operand) if isinstance(operand, list) else operand)


__all__ = ["ALWAYS", "Fields", "PackRefused", "read_condition"]
