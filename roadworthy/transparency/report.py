"""What a check found: each difference names the record, in both languages."""

from dataclasses import dataclass, field
from typing import Any

from roadworthy.kernel.decision import Text


@dataclass(frozen=True)
class Difference:
    """One record that is not as it was logged: `table` and `key`, and `column` where it can be told.

    A file of the log or of a bundle stands under the table `log` or `bundle`, with its path as key.
    """

    table: str
    key: str
    column: str
    text: Text

    def to_json(self) -> dict[str, Any]:
        """Give the difference as plain JSON values."""
        return {"table": self.table, "key": self.key, "column": self.column, "text": self.text.to_json()}


@dataclass(frozen=True)
class Report:
    """The outcome of a check. `size` is the signed size of the log, `published` that of the published head.

    `pending` events wait for their place in the log and are not proved yet.
    """

    differences: tuple[Difference, ...]
    size: int = 0
    published: int = 0
    events: int = 0
    rows: int = 0
    pending: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass
class Findings:
    """Collects differences, each once, in the order found."""

    found: dict[Difference, None] = field(default_factory=dict)

    def add(self, table: str, key: object, column: str, zh: str, en: str) -> None:
        """Note one difference."""
        self.found[Difference(table, str(key), column, Text(zh, en))] = None

    def names(self, table: str) -> bool:
        """Whether any record of `table` has been named."""
        return any(difference.table == table for difference in self.found)
