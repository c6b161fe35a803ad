"""Life cycles as tables: state, verb, next state, role, clause. A move that is not in the table is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from roadworthy.kernel.errors import Refused


@dataclass(frozen=True)
class Move:
    """One allowed move: in `state`, `verb` by a holder of `role` leads to `target`, because of `clause`.

    An empty `role` is a move that only the system makes.
    """

    state: str
    verb: str
    target: str
    role: str = ""
    clause: str = ""


class WrongState(Refused):
    """This cannot be done in the present state."""

    code = "state.wrong"


@dataclass(frozen=True)
class Lifecycle:
    """All moves of one kind of thing. Built once at import; a double or unreachable entry is a bug shown there."""

    noun: str
    initial: str
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        """Refuse a table with a doubled move or a state that nothing leads to."""
        if len(self._by_state_verb) != len(self.moves):
            raise ValueError(f"{self.noun}: one move stands twice")
        reached: set[str] = {self.initial}
        for _ in self.moves:
            reached |= {m.target for m in self.moves if m.state in reached}
        if lost := self.states - reached:
            raise ValueError(f"{self.noun}: nothing leads to {sorted(lost)}")

    @cached_property
    def _by_state_verb(self) -> dict[tuple[str, str], Move]:
        return {(m.state, m.verb): m for m in self.moves}

    @cached_property
    def states(self) -> frozenset[str]:
        """All states."""
        return frozenset({self.initial} | {m.state for m in self.moves} | {m.target for m in self.moves})

    @cached_property
    def verbs(self) -> frozenset[str]:
        """All verbs."""
        return frozenset(m.verb for m in self.moves)

    def move(self, state: str, verb: str) -> Move:
        """Give the move for `verb` in `state`.

        Raises WrongState, naming what can be done instead.
        """
        found = self._by_state_verb.get((state, verb))
        if found is None:
            can = ", ".join(sorted(m.verb for m in self.moves if m.state == state)) or "nothing"
            raise WrongState(f"A {self.noun} that is {state} cannot {verb}; it can: {can}.")
        return found

    def refold(self, moves: Iterable[tuple[str, str, str]]) -> str:
        """Give the state after `(from, verb, to)` moves in order, checking each against the table.

        Raises WrongState at the first that does not continue the one before or is not in the table.
        """
        state = self.initial
        for source, verb, target in moves:
            if source != state or self.move(source, verb).target != target:
                raise WrongState(f"A {self.noun} that is {state} cannot {verb} from {source} to {target}.")
            state = target
        return state

    def mermaid(self) -> str:
        """Draw the table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {m.state} --> {m.target}: {m.verb}" + (f" ({m.role})" if m.role else "") for m in self.moves]
        return "\n".join(lines)
