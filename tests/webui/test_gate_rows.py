"""The checklist and the first sentence of the campaign page, from answers of the law as they are stored."""

from datetime import UTC, datetime

import pytest

from roadworthy.campaigns.model import Campaign, CmpId
from roadworthy.campaigns.web.evidence import Papers
from roadworthy.campaigns.web.gate import Answer, gate_rows
from roadworthy.campaigns.web.headline import headline
from roadworthy.campaigns.web.page import GateRow, WaveBar
from roadworthy.filings.model import Authority, FilId, Filing, FilingKind, Scope
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.releases.model import DosId, Dossier, DossierItem, DossierKind, Release, RelId

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RELEASE = Release(RelId("REL-1"), "ivi", "5.2", "approved", "ota", False, (), (), None, "", "USR-1", "USR-2", NOW)
PAPER = DossierItem(DosId("DOS-1"), RELEASE.id, DossierKind.RISK, "risk.pdf", "0" * 64, "USR-1", None)
LABELS = {"defect_removed": Text("是否消除缺陷", "removes a defect")}


def _filing(kind: FilingKind, status: str, types: tuple[str, ...], number: str | None) -> Filing:
    scope = Scope(vehicle_type_ids=types)
    day = "2026-11-15" if number else None
    known = {"id": FilId(f"FIL-{kind}-{status}"), "kind": kind, "authority": Authority.MIIT, "scope": scope}
    known |= {"status": status, "submitted_on": "2026-11-11", "receipt_number": number, "receipt_date": day}
    return Filing(**{**dict.fromkeys(Filing.__dataclass_fields__), **known})


_TYPES = [_filing(FilingKind.MIIT_TYPE, "valid", (f"TYP-{one}",), f"M-{one}") for one in "AB"]
_ATTEMPTS = [_filing(FilingKind.MIIT_ACTIVITY, status, ("TYP-A",), None) for status in ("returned", "submitted")]
PAPERS = Papers(RELEASE, Dossier(items=(PAPER,)), _TYPES, _ATTEMPTS, {"USR-1": "Lin Qiao", "USR-2": "Zhao Min"})


def _gate(token: str, state: str = "open", missing: tuple[str, ...] = (), text: str = "no receipt") -> dict:
    text = f"not known yet: {', '.join(missing)}" if missing else text
    row = {"token": token, "citation": "N45-6a", "title": {"zh": "标题", "en": f"title of {token}"}, "reason": text,
           "text": {"zh": "原因", "en": text}, "grade": "S", "authentic": False}  # fmt: skip
    if state == "open":
        return row
    return row | {"state": state, "fix": {"zh": "办理", "en": "file it"}, "missing_facts": list(missing)}


def _answer(code: str, *gates: dict, own: tuple[Finding, ...] = (), missing: tuple[str, ...] = ()) -> Answer:
    law = {
        "model_code": code,
        "gates_open": [g for g in gates if "state" not in g],
        "gates_blocked": [g for g in gates if "state" in g],
        "missing_facts": list(missing),
    }
    return Answer(code, f"TYP-{code}", Outcome.OPEN, law, (), own)


def _rows(*answers: Answer) -> dict[str, GateRow]:
    return {row.token: row for row in gate_rows(answers, LABELS, PAPERS)}


def test_one_row_a_gate_and_the_strictest_type_speaks_by_its_model_code():
    row = _rows(_answer("A", _gate("PARAM", "blocked")), _answer("B", _gate("PARAM")))["PARAM"]
    assert (row.state, row.models) == (Outcome.BLOCKED, ("A",))
    assert (row.reason.en, row.fix.en, row.grade, row.authentic) == ("no receipt", "file it", "S", False)


def test_a_gate_that_is_open_for_all_types_shows_the_filings_of_all_by_number():
    row = _rows(_answer("A", _gate("TYPE")), _answer("B", _gate("TYPE")))["TYPE"]
    assert [(e.label, e.state, e.day) for e in row.evidence] == [
        ("M-A", "valid", "2026-11-15"),
        ("M-B", "valid", "2026-11-15"),
    ]
    assert (row.models, row.reason.en) == ((), "")


def test_a_gate_that_is_not_open_shows_the_newest_attempt_at_it_by_what_it_is():
    (one,) = _rows(_answer("A", _gate("ACT", "blocked")))["ACT"].evidence
    assert (one.label.en, one.state, one.day) == ("MIIT activity filing", "submitted", "2026-11-11")
    assert _rows(_answer("B", _gate("ACT", "blocked")))["ACT"].evidence == ()


def test_a_paper_without_a_second_person_is_shown_so():
    (one,) = _rows(_answer("A", _gate("RISK", "blocked")))["RISK"].evidence
    assert (one.label, one.state) == ("risk.pdf", "unchecked")


def test_missing_facts_are_named_in_the_readers_language_and_an_unlabelled_one_by_its_name():
    row = _rows(_answer("A", _gate("DEFECT", "hold", ("defect_removed", "x.y"))))["DEFECT"]
    assert row.reason == Text("尚不清楚：是否消除缺陷、x.y", "Not known yet: removes a defect; x.y")


def test_the_houses_own_findings_stand_beside_the_laws():
    text = Text("以下事实未知:defect_removed", "These facts are unknown: defect_removed; no value is declared for v")
    facts = Finding("FACTS", Outcome.HOLD, text, "", Text("办", "state them"))
    approval = Finding("APPROVAL", Outcome.OPEN, Text("批准", "approved by a second person"), "N45 II.3")
    found = _rows(_answer("A", own=(facts, approval), missing=("defect_removed",)))
    assert found["FACTS"].reason.en == "These facts are unknown: removes a defect; no value is declared for v"
    assert [e.label for e in found["APPROVAL"].evidence] == ["Zhao Min"]


def _campaign(status: str) -> Campaign:
    return Campaign(CmpId("CMP-1"), "c", "REL-1", status, {}, "", 10, "USR-1", None, NOW)


_UNMET = [GateRow(f"G{n}", Outcome.BLOCKED, Text(f"项{n}", f"item {n}")) for n in range(5)]
_WAVES = (WaveBar(1, "1", "done", 10, {"attested": 4}), WaveBar(2, "2", "planned", 20))


@pytest.mark.parametrize(
    ("status", "unmet", "leased", "begins"),
    [
        ("draft", 0, False, "It waits for the approval of a second person."),
        ("approved", 0, False, "Everything the law asks is there; it can start."),
        ("approved", 5, False, "It cannot start. Not met: item 0; item 1; item 2; and 2 more."),
        ("running", 0, True, "Everything the law asks is there; wave 2 can be released."),
        ("running", 1, True, "Delivery ends with the present lease. Not met: item 0."),
        ("running", 0, False, "There is no lease: nothing is offered to any vehicle."),
        ("paused", 0, False, "Nothing is offered to any vehicle. It can be resumed."),
        ("held", 2, False, "The gate no longer holds; delivery stopped by itself. Not met: item 0; item 1."),
        ("held", 0, False, "The gate no longer holds; delivery stopped by itself. It holds again"),
        ("stopped", 0, False, "It was stopped for good. 4 of 30 vehicles attest the new software."),
        ("completed", 0, False, "4 of 30 vehicles attest the new software."),
    ],
)
def test_the_first_sentence_says_whether_it_can_go_on_and_why_not(status, unmet, leased, begins):
    said = headline(_campaign(status), _UNMET[:unmet], _WAVES, leased=leased)
    assert said.en.startswith(begins)
    assert said.zh
