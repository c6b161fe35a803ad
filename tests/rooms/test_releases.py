"""Releases through their actions: the life cycle, who may write what, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotFound, NotPermitted, Refused, RoadworthyError, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import SetTime
from roadworthy.releases import actions, store
from roadworthy.releases.model import DossierKind, Release
from roadworthy.releases.states import RELEASE

from .upgrades import PAPERS, SBOM, Company, company, stored

VERBS = {
    "submit": actions.submit,
    "return": actions.send_back,
    "approve": actions.approve,
    "withdraw": actions.withdraw,
}

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])  # where only our own checks speak


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def in_state(co: Company, state: str) -> Release:
    release = co.draft()
    co.fill(release, papers=())
    if state == "draft":
        return release
    if state == "withdrawn":
        return actions.withdraw(co.database, co.engineer, release.id)
    actions.submit(co.database, co.engineer, release.id)
    return actions.approve(co.database, co.manager, release.id) if state == "approved" else release


def status_of(co: Company, release: Release) -> str:
    with co.database.read() as view:
        return store.get(view, release.id).status


def test_every_state_takes_exactly_the_verbs_of_the_table_from_exactly_the_role(co: Company) -> None:
    for state in sorted(RELEASE.states):
        for verb, act in VERBS.items():
            move = next((m for m in RELEASE.moves if (m.state, m.verb) == (state, verb)), None)
            release = in_state(co, state)
            if move is None:
                for actor in (co.engineer, co.manager):
                    with pytest.raises(WrongState):
                        act(co.database, actor, release.id)
                assert status_of(co, release) == state
                continue
            for name in ("engineer", "manager", "officer", "auditor"):
                if move.role not in co.people[name].roles:
                    with pytest.raises(NotPermitted):
                        act(co.database, co.people[name], release.id)
            assert status_of(co, release) == state
            doer = next(actor for actor in (co.engineer, co.manager) if move.role in actor.roles)
            assert act(co.database, doer, release.id).status == move.target
    assert {verb for m in RELEASE.moves for verb in [m.verb]} == set(VERBS)


@ONE_DATABASE
def test_a_verb_on_no_release_is_not_found(co: Company) -> None:
    release = co.draft()
    for act in VERBS.values():
        with pytest.raises(NotFound):
            act(co.database, co.manager, release.id[:-1] + ("0" if release.id[-1] != "0" else "1"))


def test_nobody_approves_the_own_release_whatever_the_roles(co: Company) -> None:
    both = Actor(co.engineer.id, frozenset({"release_engineer", "release_manager"}))
    release = in_state(co, "submitted")

    with pytest.raises(NotPermitted) as refused:
        actions.approve(co.database, both, release.id)

    assert refused.value.error_code == "four_eyes"
    assert status_of(co, release) == "submitted"


@ONE_DATABASE
def test_only_the_author_writes_so_that_the_approver_is_a_second_person(co: Company) -> None:
    release = co.draft()
    other = Actor(co.manager.id, frozenset({"release_engineer", "release_manager"}))
    attempts = (
        lambda: actions.attach_package(co.database, other, release.id, "x.img", stored(b"x")),
        lambda: actions.attach_sbom(co.database, other, release.id, SBOM, "a" * 64),
        lambda: actions.declare(co.database, other, release.id, release.ecu_ids[0], {"speed_max": "120"}),
    )
    for attempt in attempts:
        with pytest.raises(NotPermitted) as refused:
            attempt()
        assert refused.value.error_code == "author.other"


def test_after_submission_bytes_bill_and_declarations_are_frozen(co: Company) -> None:
    for state in ("submitted", "approved", "withdrawn"):
        release = in_state(co, state)
        attempts = (
            lambda release=release: actions.attach_package(co.database, co.engineer, release.id, "y.img", stored(b"y")),
            lambda release=release: actions.attach_sbom(co.database, co.engineer, release.id, SBOM, "a" * 64),
            lambda release=release: actions.declare(
                co.database, co.engineer, release.id, release.ecu_ids[0], {"theme": "x"}
            ),
        )
        for attempt in attempts:
            with pytest.raises(Refused) as refused:
                attempt()
            assert refused.value.error_code == "release.frozen"


@ONE_DATABASE
def test_a_returned_release_is_written_on_but_keeps_its_bytes(co: Company) -> None:
    release = in_state(co, "submitted")
    back = actions.send_back(co.database, co.manager, release.id)
    assert (back.status, back.submitted_at) == ("draft", None)

    actions.declare(co.database, co.engineer, release.id, release.ecu_ids[0], {"speed_max": "130"})
    with pytest.raises(Refused, match="other bytes"):
        actions.attach_package(co.database, co.engineer, release.id, "y.img", stored(b"y"))


@ONE_DATABASE
def test_a_release_without_package_or_bill_is_not_submitted_and_says_what_is_missing(co: Company) -> None:
    release = co.draft()
    with pytest.raises(Refused) as refused:
        actions.submit(co.database, co.engineer, release.id)
    assert [f.code for f in refused.value.findings] == ["PACKAGE", "SBOM"]


@ONE_DATABASE
def test_an_unusable_draft_is_refused_and_nothing_written(co: Company) -> None:
    good = {"name": "n", "version": "1", "vehicle_type_ids": [co.types["EX1"]], "ecu_ids": [co.ecus["EX1/ADCU"]]}
    for facts in (
        {"name": ""}, {"name": "a/b"}, {"name": "../up"}, {"name": "é"}, {"name": "a" * 81}, {"version": "b" * 41},
        {"version": ".1"}, {"delivery": "pigeon"}, {"vehicle_type_ids": []}, {"ecu_ids": []}, {"swin": "x" * 61},
        {"swin": "升级"}, {"planned_release": date(2022, 1, 1)}, {"planned_release": date(2031, 1, 1)},
        {"ecu_ids": ["ECU-01KJNN0Y000000000000000000"]},
    ):  # fmt: skip
        with pytest.raises(Unusable):
            actions.create(co.database, co.engineer, actions.Draft(**{**good, **facts}))
    with co.database.read() as view:
        assert store.page(view, "", 10) == []


@ONE_DATABASE
def test_every_vehicle_type_needs_a_touched_ecu_and_every_ecu_its_type(co: Company) -> None:
    co.model("EX2", filed=False)
    types, ecus = [co.types["EX1"], co.types["EX2"]], [co.ecus["EX1/ADCU"]]
    with pytest.raises(Unusable, match="No ECU of"):
        actions.create(co.database, co.engineer, actions.Draft("n", "1", types, ecus))
    with pytest.raises(Unusable, match="no ECU of these"):
        actions.create(co.database, co.engineer, actions.Draft("n", "1", types[1:], ecus))


def test_a_name_and_version_exist_once(co: Company) -> None:
    draft = actions.Draft("n", "1", [co.types["EX1"]], [co.ecus["EX1/ADCU"]])
    actions.create(co.database, co.engineer, draft)
    with pytest.raises(Refused) as refused:
        actions.create(co.database, co.engineer, draft)
    assert refused.value.error_code == "exists_already"


def test_the_longest_names_still_make_a_path_of_ascii_that_the_image_repository_delegates(co: Company) -> None:
    draft = actions.Draft("n" * 80, "v" * 40, [co.types["EX1"]], [co.ecus["EX1/ADCU"]])
    release = actions.create(co.database, co.engineer, draft)
    package = actions.attach_package(co.database, co.engineer, release.id, "f" * 78, stored(b"x")).package

    assert package is not None
    assert package.path.isascii()
    assert package.path.count("/") == 2
    assert len(package.path) == 200


@ONE_DATABASE
def test_a_package_name_is_one_plain_segment(co: Company) -> None:
    release = co.draft()
    for filename in ("", "a/b", "../x", ".hidden", "a b", "é.img", "x" * 79):
        with pytest.raises(Unusable):
            actions.attach_package(co.database, co.engineer, release.id, filename, stored(b"x"))


def test_every_package_has_a_higher_counter_than_all_before(co: Company) -> None:
    made = [co.draft() for _ in range(6)]

    def attach(release: Release) -> int:
        found = actions.attach_package(co.database, co.engineer, release.id, "x.img", stored(release.id.encode()))
        assert found.package is not None
        return found.package.release_counter

    assert [attach(release) for release in made[:2]] == [1, 2]
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attach, made[2:])) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"specVersion": "1.6"}', b'{"bomFormat":"CycloneDX","specVersion":"9.9"}',
     b"[" * 100_000, b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}',
     b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"name":"x"}]}'],
)  # fmt: skip
def test_a_bill_of_materials_that_is_none_is_unusable(content: bytes) -> None:
    with pytest.raises(Unusable):
        actions.authoring.parse_sbom(content)


@ONE_DATABASE
def test_declared_values_are_read_by_their_definitions(co: Company) -> None:
    release = co.draft()
    for values in ({}, {"ghost": "1"}, {"speed_max": None}, {"speed_max": 1.5}, {"speed_max": ["a"]}):
        with pytest.raises(RoadworthyError):
            actions.declare(co.database, co.engineer, release.id, release.ecu_ids[0], values)
    with pytest.raises(Unusable, match="does not touch"):
        actions.declare(co.database, co.engineer, release.id, "ECU-1", {"speed_max": "1"})


def test_each_paper_has_its_writers_and_a_second_person(co: Company) -> None:
    release = co.draft()
    for kind in DossierKind:
        with pytest.raises(NotPermitted):
            actions.attach_paper(co.database, co.auditor, release.id, kind, "p.pdf", "b" * 64)
    item = actions.attach_paper(co.database, co.safety, release.id, DossierKind.RISK, "风险.pdf", "b" * 64)

    with pytest.raises(NotPermitted):
        actions.check_paper(co.database, co.auditor, item.id)
    with pytest.raises(NotPermitted) as refused:
        actions.check_paper(co.database, co.safety, item.id)
    assert refused.value.error_code == "four_eyes"
    assert actions.check_paper(co.database, co.second, item.id).approver_id == co.second.id
    with pytest.raises(Refused):
        actions.check_paper(co.database, co.compliance, item.id)


@ONE_DATABASE
def test_a_paper_s_name_is_no_path(co: Company) -> None:
    release = co.draft()
    for filename in ("", "a/b.pdf", "a\\b.pdf", "a\nb", "x" * 121):
        with pytest.raises(Unusable):
            actions.attach_paper(co.database, co.safety, release.id, DossierKind.RISK, filename, "b" * 64)


@ONE_DATABASE
def test_an_unknown_kind_of_paper_is_named_with_the_known_ones(co: Company) -> None:
    with pytest.raises(Unusable, match="risk_assessment_done"):
        actions.attach_paper(co.database, co.safety, co.draft().id, "poem", "x.pdf", "b" * 64)


@ONE_DATABASE
def test_a_withdrawn_release_takes_neither_papers_nor_answers(co: Company) -> None:
    release = co.draft()
    item = actions.attach_paper(co.database, co.safety, release.id, DossierKind.RISK, "x.pdf", "b" * 64)
    actions.withdraw(co.database, co.engineer, release.id)
    for attempt in (
        lambda: actions.attach_paper(co.database, co.safety, release.id, DossierKind.RISK, "x.pdf", "b" * 64),
        lambda: actions.check_paper(co.database, co.second, item.id),
        lambda: actions.state_answer(co.database, co.recall, release.id, "defect_removed", "no"),
    ):
        with pytest.raises(Refused):
            attempt()


def test_classifying_takes_a_role_and_keeps_the_newest_answer_of_each_type(co: Company) -> None:
    co.cars()
    release = co.release()
    with pytest.raises(NotPermitted):
        actions.classify_all(co.database, co.auditor, co.regime, release.id)
    co.tick()
    first = actions.classify_all(co.database, co.compliance, co.regime, release.id)
    co.clear(release)
    co.tick()
    second = actions.classify_all(co.database, co.compliance, co.regime, release.id)

    assert [(c.decision, c.labels) for c in first] == [("blocked", ("general",))]
    assert [(c.decision, c.labels) for c in second] == [("open", ("general",))]


def test_events_are_nouns_with_past_participles_and_hold_neither_vin_nor_name(co: Company) -> None:
    cars = co.cars()
    release = co.release()
    co.clear(release)
    actions.classify_all(co.database, co.compliance, co.regime, release.id)
    actions.withdraw(co.database, co.manager, release.id)

    with co.database.read() as view:
        rows = view.all(event.select())
    hidden = [car.vin for car in cars] + [name.title() for name in co.people] + [f"{kind}.pdf" for kind in PAPERS]
    for row in rows:
        noun, _, participle = row.kind.partition(".")
        assert noun
        assert participle.endswith(("ed", "withdrawn"))
        assert not [text for text in hidden if text in row.body]
