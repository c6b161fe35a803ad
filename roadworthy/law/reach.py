"""What the rules of a set of packs reach: situations without an answer, rules that never fire, gates at odds.

Solved over the finite fact space, see `solve`; a day's rules alone, or all whatever their dates.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations, islice
from math import prod
from typing import Any

from roadworthy.law.condition import AllOf, Condition, Not, Test
from roadworthy.law.diff import known_domains, meanings_in
from roadworthy.law.model import Gate
from roadworthy.law.packs import Packs, Program
from roadworthy.law.solve import Table, closed, domains_of, situations, witness

UNCOVERED = "(uncovered)"
MOST = 20


@dataclass(frozen=True)
class Reach:
    """One table: how many combinations its facts have, in how many situations they fall, which say nothing."""

    table: str
    combinations: int
    situations: int
    uncovered: tuple[Mapping[str, tuple[Any, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        given = [{name: list(values) for name, values in sorted(one.items())} for one in self.uncovered]
        return {**vars(self), "uncovered": given}


def reach(packs: Packs, day: date | None = None) -> list[Reach]:
    """Give the reach of labels, tier and outcome, as far as there are such rules.

    At most 20 uncovered situations of each are listed.
    """
    program = _program(packs, day)
    rows: dict[str, tuple[list[tuple[str, Condition]], bool]] = {
        "labels": ([(r.label, r.when) for r in program.labels], False),
        "tier": ([(str(r.tier), r.when) for r in program.tiers], True),
        "outcome": ([(r.outcome, r.when) for r in program.outcomes], True),
    }
    return [_reach(packs, program, name, given, first=first) for name, (given, first) in rows.items() if given]


def _reach(packs: Packs, program: Program, name: str, rows: Iterable[tuple[str, Condition]], *, first: bool) -> Reach:
    meanings = meanings_in(program, packs.choices, {})
    plain = tuple((word, closed(when, meanings)) for word, when in rows)
    domains = domains_of((when for _, when in plain), known_domains(packs))
    cubes = list(situations(Table(plain, first=first, otherwise=UNCOVERED if first else ""), domains))
    # No outcome is the normal case: it is an upgrade then.
    silent = (cube for cube in cubes if cube.outcomes in ((UNCOVERED,), ((),)) and name != "outcome")
    shown = tuple(cube.given for cube in islice(silent, MOST))
    return Reach(name, prod(map(len, domains.values())), len(cubes), shown)


def idle(packs: Packs, day: date | None = None) -> Iterator[str]:
    """Name the rules that can never fire under any reading, and gates that can never open or never close."""
    program = _program(packs, day)
    for pack in packs.packs:
        for rule in pack.rules:
            if day is not None and not rule.in_force(day):
                continue
            if not _can(packs, program, rule.when):
                yield f"{rule.id}: never fires"
            if isinstance(rule, Gate) and not _can(packs, program, rule.open):
                yield f"{rule.id}: never opens"
            if isinstance(rule, Gate) and not _can(packs, program, Not(rule.open)):
                yield f"{rule.id}: never closes"


def at_odds(packs: Packs, day: date | None = None) -> Iterator[tuple[str, str]]:
    """Name pairs of gates that can be required together, and can then never both be open."""
    program = _program(packs, day)
    for one, other in combinations(program.gates, 2):
        both = AllOf((_required(one), _required(other)))
        if not _can(packs, program, AllOf((both, one.open, other.open))) and _can(packs, program, both):
            yield one.token, other.token


def _required(gate: Gate) -> Condition:
    return AllOf((Test("outcome", "in", tuple(gate.under)), gate.when))


def _can(packs: Packs, program: Program, condition: Condition) -> bool:
    plain = closed(condition, meanings_in(program, None, {}))
    return witness(plain, domains_of([plain], known_domains(packs))) is not None


def _program(packs: Packs, day: date | None) -> Program:
    return packs.all if day is None else packs.program(day)
