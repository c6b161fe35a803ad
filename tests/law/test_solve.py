"""Tables are solved: what comes out is what walking every combination gives, without walking them."""

from itertools import pairwise, product
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.law.condition import UNKNOWN, AllOf, AnyOf, FactRef, Not, Test, truth
from roadworthy.law.solve import (
    ANOTHER,
    Table,
    closed,
    differences,
    domains_of,
    listed,
    rest_of,
    rest_of_table,
    situations,
    witness,
)

DOMAINS = {"a": (False, True), "b": (False, True), "level": (0, 1, 2, 3), "kind": ("x", "y", "z")}


def yes(fact):
    return Test(fact, "eq", operand=True)


def never(_test):
    return None


TESTS = st.one_of(
    st.builds(Test, st.sampled_from(["a", "b"]), st.sampled_from(["eq", "ne"]), st.booleans()),
    st.builds(Test, st.just("level"), st.sampled_from(["eq", "ne", "ge", "gt", "le", "lt"]), st.integers(0, 3)),
    st.builds(Test, st.just("kind"), st.just("in"), st.sampled_from([("x",), ("x", "y"), ("z", "x")])),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@st.composite
def tables(draw, *, first):
    rows = draw(st.lists(st.tuples(st.sampled_from("pqr"), CONDITIONS), max_size=4).map(tuple))
    return Table(rows, first=first, otherwise="none" if first else "")


class Known:
    """Facts for `truth`: what is not given is not known."""

    def __init__(self, values):
        self.values = values

    def value(self, name):
        return self.values.get(name, UNKNOWN)


def every_combination():
    for values in product(*DOMAINS.values()):
        yield dict(zip(DOMAINS, values, strict=True))


def says(table, values):
    true = [word for word, condition in table.rows if truth(condition, Known(values)) is True]
    return (true[0] if true else table.otherwise) if table.first else tuple(sorted(set(true)))


def cube_of(cubes, values):
    found = [cube for cube in cubes if cube.holds(values)]
    assert len(found) <= 1, "cubes are disjoint"
    return found[0] if found else None


@given(CONDITIONS, st.sets(st.sampled_from(sorted(DOMAINS))), st.data())
def test_the_rest_of_a_condition_is_its_three_valued_truth(condition, known, data):
    given_facts = {name: data.draw(st.sampled_from(DOMAINS[name])) for name in sorted(known)}
    rest = rest_of(condition, given_facts)

    kleene = truth(condition, Known(given_facts))
    assert kleene is None or rest is kleene
    for values in every_combination():
        if values.items() >= given_facts.items():
            whole = truth(condition, Known(values))
            assert (rest if isinstance(rest, bool) else truth(rest, Known(values))) is whole


@given(st.booleans().flatmap(lambda first: tables(first=first)))
def test_situations_say_what_the_table_says_for_every_combination(table):
    cubes = list(situations(table, DOMAINS))

    for values in every_combination():
        assert cube_of(cubes, values).outcomes == (says(table, values),)
    assert sum(cube.size for cube in cubes) == 48


@given(st.booleans().flatmap(lambda first: st.tuples(tables(first=first), tables(first=first))))
def test_differences_are_exactly_where_two_tables_differ(pair):
    old, new = pair
    cubes = list(differences(old, new, DOMAINS))

    different = 0
    for values in every_combination():
        cube, before, after = cube_of(cubes, values), says(old, values), says(new, values)
        different += before != after
        assert (cube is not None) == (before != after)
        if cube is not None and old.first:
            assert cube.outcomes == (before, after)
        elif cube is not None:
            assert set(cube.outcomes[0]) - set(cube.outcomes[1]) == set(before) - set(after)
            assert set(cube.outcomes[1]) - set(cube.outcomes[0]) == set(after) - set(before)
    assert sum(cube.size for cube in cubes) == different


@given(tables(first=True))
def test_a_table_does_not_differ_from_itself(table):
    assert not list(differences(table, rest_of_table(table, {}), DOMAINS))


@given(CONDITIONS, CONDITIONS)
def test_a_witness_is_found_exactly_when_there_is_one(one, other):
    both = AllOf((one, other))
    found = witness(both, DOMAINS)
    true = [values for values in every_combination() if truth(both, Known(values)) is True]

    assert (found is not None) == bool(true)
    if found is not None:
        assert any(found.holds(values) for values in true)


def test_values_are_those_that_the_rules_tell_apart():
    asked = [
        Test("speed", "ge", operand=5),
        Test("day", "lt", operand="2026-03-01"),
        Test("market", "in", operand=("CN", "EU")),
        yes("flag"),
    ]
    domains = domains_of(asked, {"level": (0, 1)})

    assert {4, 4.5, 5, 5.5, 6} == set(domains["speed"])
    assert domains["day"] == ("2026-02-28", "2026-03-01", "2026-03-02")
    assert domains["market"] == ("CN", "EU", ANOTHER)
    assert domains["flag"] == (False, True)


def test_comparisons_without_few_values_become_one_free_fact_with_their_opposite():
    late = closed(Test("planned", "lt", FactRef("earliest")), never)
    early = closed(Test("planned", "ge", FactRef("earliest")), never)

    assert late == Not(early)
    assert closed(Test("rollback", "empty", operand=False), never) == Not(yes("(rollback empty)"))


def test_computed_facts_are_looked_through():
    behind = {"both": AllOf((yes("a"), yes("b")))}
    found = closed(yes("both"), lambda test: behind.get(test.fact))

    assert found == AllOf((yes("a"), yes("b")))


def test_twenty_facts_are_solved_without_walking_a_million_combinations():
    """Twenty rules in order over twenty facts; the new table asks one thing less of its last rule."""
    names = [f"f{n:02}" for n in range(20)]
    rows = [(f"w{n}", AllOf((yes(a), Not(yes(b))))) for n, (a, b) in enumerate(pairwise(names))]
    old = Table((*rows, ("last", AllOf(tuple(yes(name) for name in names)))), otherwise="none")
    new = Table((*rows, ("last", AllOf(tuple(yes(name) for name in names[1:])))), otherwise="none")
    domains = dict.fromkeys(names, (False, True))
    start = perf_counter()
    cubes = list(differences(old, new, domains))
    taken = perf_counter() - start

    assert [(cube.outcomes, cube.size) for cube in cubes] == [(("none", "last"), 1)]
    assert sum(cube.size for cube in situations(old, domains)) == 2**20
    print(f"20 facts, 21 rules, {2**20:,} combinations: {taken * 1000:.1f} ms")


def test_a_list_of_cubes_says_when_it_is_not_all_of_them():
    odd = Table((("odd", yes("a")), ("odd2", yes("b"))), first=False)

    assert listed(situations(odd, DOMAINS), 4)[1]
    assert not listed(situations(odd, DOMAINS), 3)[1]
