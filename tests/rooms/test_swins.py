"""The register of software identification numbers, and what the gate reads from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.admission import actions, rules, store, web
from roadworthy.admission.model import SwinLink, SwnId
from roadworthy.admission.states import SWIN
from roadworthy.database import Database
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import SetTime
from roadworthy.products.model import TypId
from roadworthy.releases import actions as releases
from roadworthy.releases.actions import Scope
from roadworthy.releases.model import Release
from roadworthy.releases.rules import Cars

from .app import AUDITOR, OFFICER, SECOND, client
from .models import define, model
from .upgrades import Company, company

VERBS = {"register": actions.register_swin, "withdraw": actions.withdraw_swin, "retire": actions.retire_swin}


@pytest.fixture
def type_id(database: Database) -> TypId:
    define(database)
    return model(database)


def propose(database: Database, type_id: TypId, value: str = "S1", regulation: str = "GB 44497") -> SwnId:
    facts = {"value": value, "regulation": regulation, "valid_from": "2026-03-01"}
    return actions.propose_swin(database, OFFICER, type_id, **facts).id


@pytest.mark.parametrize("status", sorted(SWIN.states))
@pytest.mark.parametrize("verb", sorted(SWIN.verbs))
def test_every_state_and_verb(database: Database, type_id: TypId, status: str, verb: str) -> None:
    made = propose(database, type_id)
    for step in {"proposed": (), "registered": ("register",), "withdrawn": ("withdraw",)}.get(
        status, ("register", "retire")
    ):
        VERBS[step](database, SECOND, made)
    with pytest.raises((NotPermitted, WrongState)):
        VERBS[verb](database, AUDITOR, made)
    if any((m.state, m.verb) == (status, verb) for m in SWIN.moves):
        assert VERBS[verb](database, SECOND, made).status == SWIN.move(status, verb).target
    else:
        with pytest.raises(WrongState):
            VERBS[verb](database, SECOND, made)


def test_nobody_registers_the_own_number_and_none_stands_twice(database: Database, type_id: TypId) -> None:
    made = propose(database, type_id)
    with pytest.raises(NotPermitted, match="another person"):
        actions.register_swin(database, OFFICER, made)
    with pytest.raises(Refused, match="exists already"):
        propose(database, type_id)
    propose(database, type_id, regulation="GB 17691")
    for facts, told in (
        ({"value": "has blank"}, "no blanks"), ({"regime": "R999"}, "regime"), ({"regulation": ""}, "regulation"),
    ):  # fmt: skip
        usual = {"value": "S9", "regulation": "GB 1", "valid_from": "2026-03-01"}
        with pytest.raises(Unusable, match=told):
            actions.propose_swin(database, OFFICER, type_id, **{**usual, **facts})


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    made = company(database, time)
    made.ecu("EX1", "BRK", approval_relevant=True)
    return made


def facts(co: Company, release: Release) -> tuple[bool, bool]:
    scope = Scope(frozenset({Cars(sold=True, test_fleet=False)}), lambda _: "")
    with co.database.read() as view:
        found = releases.judge(view, co.regime, release, co.types["EX1"], scope).facts
    return found["type_approval_software_changed"], found["swin_moved"]


def number(co: Company, value: str, regulation: str = "GB 44497") -> SwnId:
    given = {"value": value, "regulation": regulation, "valid_from": co.day(-1)}
    made = actions.propose_swin(co.database, co.officer, TypId(co.types["EX1"]), **given).id
    actions.register_swin(co.database, co.second, made)
    return made


def link(co: Company, made: SwnId, release: Release, ecu: str = "BRK") -> None:
    actions.link_software(co.database, co.officer, made, co.ecus[f"EX1/{ecu}"], release.id)


def test_the_register_says_whether_a_number_moved(co: Company) -> None:
    first, second = co.release({}, ecu="BRK", swin="OWN"), co.release({}, ecu="BRK")
    assert facts(co, first) == (True, True)  # no register yet: the release's own word
    old = number(co, "S1")
    link(co, old, first)
    assert facts(co, first) == (True, True)
    assert facts(co, second) == (True, False)
    link(co, old, second)
    assert facts(co, second) == (True, False)  # the same number has not moved
    link(co, number(co, "S2"), second)
    assert facts(co, second) == (True, True)
    assert facts(co, first) == (True, True)  # what came later takes nothing from it


def test_each_regulation_needs_its_own_number(co: Company) -> None:
    first, second = co.release({}, ecu="BRK"), co.release({}, ecu="BRK")
    for regulation in ("GB 44497", "GB 17691"):
        link(co, number(co, "S1", regulation), first)
    link(co, number(co, "S2"), second)
    assert facts(co, second) == (True, False)
    proposed = actions.propose_swin(
        co.database, co.officer, TypId(co.types["EX1"]), value="S2", regulation="GB 17691", valid_from=co.day(-1)
    )
    link(co, proposed.id, second)
    assert facts(co, second) == (True, False)  # not registered by a second person yet
    actions.register_swin(co.database, co.second, proposed.id)
    assert facts(co, second) == (True, True)


def test_software_in_the_register_is_approved_software_whatever_its_ecu_says(co: Company) -> None:
    co.ecu("EX1", "LAMP")
    release = co.release({}, ecu="LAMP")
    assert facts(co, release)[0] is False
    link(co, number(co, "S1"), release, "LAMP")
    assert facts(co, release) == (True, True)


def test_a_number_that_is_not_valid_yet_does_not_count(co: Company) -> None:
    release = co.release({}, ecu="BRK")
    given = {"value": "S1", "regulation": "GB 44497", "valid_from": co.day(5)}
    made = actions.propose_swin(co.database, co.officer, TypId(co.types["EX1"]), **given).id
    actions.register_swin(co.database, co.second, made)
    link(co, made, release)
    assert facts(co, release) == (True, False)


def test_links_name_an_ecu_of_the_model_and_a_release_that_exists(co: Company) -> None:
    release, made = co.release({}, ecu="BRK"), number(co, "S1")
    co.model("EX2")
    for ecu, wanted, error in (
        ("EX2/ADCU", release.id, Unusable), ("EX1/BRK", "nonsense", Unusable),
        ("EX1/BRK", "REL-01ARZ3NDEKTSV4RRFFQ69G5FAV", Refused),
    ):  # fmt: skip
        with pytest.raises(error):
            actions.link_software(co.database, co.officer, made, co.ecus[ecu], wanted)
    link(co, made, release)
    with pytest.raises(Refused, match="exists already"):
        link(co, made, release)
    with co.database.read() as view:
        assert [one.release_id for one in store.links_of(view, co.types["EX1"])] == [release.id]


REGS = st.sampled_from(["r1", "r2"])
LINKS = st.lists(
    st.tuples(st.sampled_from(["n1", "n2", "n3"]), REGS, st.sampled_from(["e1", "e2"]), st.sampled_from(["old", "new"]),
              st.booleans()), max_size=6,
)  # fmt: skip


@given(LINKS)
def test_a_number_moved_only_if_each_regulation_has_one_that_no_earlier_release_had(given_links: list[tuple]) -> None:
    links = [SwinLink(f"{n}/{reg}", "GB44496", reg, n, ecu, rel, on) for n, reg, ecu, rel, on in given_links]
    moved = rules.swin_moved(links, "new", {"e1"}, {"old"})
    takes_part = {one.regulation for one in links if one.ecu_id == "e1"}
    fresh = {
        one.regulation
        for one in links
        if one.release_id == "new"
        and one.counts
        and not any(other.swin_id == one.swin_id and other.release_id == "old" for other in links)
    }
    assert moved == (None if not links else bool(takes_part) and takes_part <= fresh)


def test_api_keeps_the_register(database: Database, type_id: TypId) -> None:
    http, other = client(database, OFFICER, web.router), client(database, SECOND, web.router)
    body = {"value": "S1", "regulation": "GB 44497", "valid_from": "2026-03-01"}
    made = http.post(f"/api/v1/vehicle-types/{type_id}/swins", json=body).json()["id"]
    assert http.post(f"/api/v1/swins/{made}/register").status_code == 403
    assert other.post(f"/api/v1/swins/{made}/register").json()["status"] == "registered"
    (listed,) = http.get(f"/api/v1/swins?vehicle_type_id={type_id}").json()["items"]
    assert (listed["value"], listed["software"]) == ("S1", [])
    assert other.post(f"/api/v1/swins/{made}/retire").json()["status"] == "retired"
    assert http.post(f"/api/v1/swins/{made}/withdraw").json()["code"] == "state.wrong"
