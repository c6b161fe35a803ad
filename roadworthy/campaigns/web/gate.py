"""The checklist of the campaign page: what the law and the house ask of every vehicle type, the strictest first.

The law's answer is taken as it is stored (`Judgement.report`); one row a gate, however many types stand behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from roadworthy.campaigns.model import GateDecision
from roadworthy.campaigns.web.evidence import Papers
from roadworthy.campaigns.web.page import GateRow
from roadworthy.kernel.decision import Finding, Outcome, Text, strictest
from roadworthy.releases.actions import Judgement

Labels = Mapping[str, Text]


@dataclass(frozen=True)
class Answer:
    """The gate's answer for one vehicle type: now, or as it was decided. `own` are the house's own findings."""

    model_code: str
    vehicle_type_id: str
    outcome: Outcome
    law: Mapping[str, Any]
    filing_ids: tuple[str, ...]
    own: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, judged: Judgement) -> "Answer":
        """Read a judgement of this moment."""
        law = _strictest_model(judged.report)
        tokens = {entry["token"] for entry in _entries(law)}
        own = tuple(f for f in judged.decision.findings if f.code not in tokens)
        return cls(law["model_code"], judged.vehicle_type_id, judged.decision.outcome, law, judged.filing_ids, own)

    @classmethod
    def kept(cls, decision: GateDecision, report: Mapping[str, Any]) -> "Answer":
        """Read a decision that was kept, with the law's whole answer."""
        law = _strictest_model(report)
        return cls(law["model_code"], decision.vehicle_type_id, Outcome(decision.decision), law, decision.filing_ids)


def _strictest_model(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the answer that speaks: sold and unsold cars of one type may be judged apart."""
    models: list[Mapping[str, Any]] = report["models"]
    return next(m for m in models if Outcome(m["decision"]) is strictest(Outcome(x["decision"]) for x in models))


def gate_rows(answers: Sequence[Answer], labels: Labels, papers: Papers) -> tuple[GateRow, ...]:
    """Give the checklist; `labels` name the facts of the law, `papers` show what a gate rests on."""
    found: dict[str, list[tuple[Answer, GateRow]]] = {}
    for answer in answers:
        for row in _rows(answer, labels):
            found.setdefault(row.token, []).append((answer, row))
    return tuple(_one(token, rows, papers) for token, rows in found.items())


def _one(token: str, found: Sequence[tuple[Answer, GateRow]], papers: Papers) -> GateRow:
    """Put the rows of one gate together: the strictest speaks, and names its models where not all stand so."""
    state = strictest(row.state for _, row in found)
    speaking = [(answer, row) for answer, row in found if row.state is state]
    same = len(speaking) == len(found)
    return replace(
        speaking[0][1],
        models=() if same else tuple(answer.model_code for answer, _ in speaking),
        evidence=papers.of(token, [answer.vehicle_type_id for answer, _ in speaking], met=state is Outcome.OPEN),
    )


def _entries(law: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (*law["gates_open"], *law["gates_blocked"])


def _rows(answer: Answer, labels: Labels) -> Iterable[GateRow]:
    yield from (_of_law(entry, labels) for entry in _entries(answer.law))
    for finding in answer.own:
        if finding.code == "FACTS":
            yield _of_facts(finding, answer.law["missing_facts"], labels)
        else:
            yield GateRow(finding.code, finding.state, finding.text, citation=finding.citation, fix=finding.fix)


def _of_law(entry: Mapping[str, Any], labels: Labels) -> GateRow:
    state = Outcome(entry.get("state", "open"))
    return GateRow(
        token=entry["token"],
        state=state,
        title=Text(**entry["title"]),
        reason=_reason(entry, labels) if state is not Outcome.OPEN or entry.get("deferred") else Text("", ""),
        citation=entry["citation"],
        fix=Text("", "") if state is Outcome.OPEN else Text(**entry["fix"]),
        grade=entry["grade"],
        authentic=entry["authentic"],
    )


def _reason(entry: Mapping[str, Any], labels: Labels) -> Text:
    """Give the law's reason; where it is only that facts are missing, name them in the reader's language."""
    missing = entry.get("missing_facts", [])
    if missing and entry["text"]["en"].endswith(", ".join(missing)):
        names = _named(missing, labels)
        return Text(f"尚不清楚：{names.zh}", f"Not known yet: {names.en}")
    return Text(**entry["text"])


def _of_facts(finding: Finding, missing: Sequence[str], labels: Labels) -> GateRow:
    codes, names = ", ".join(missing), _named(missing, labels)
    reason = Text(finding.text.zh.replace(codes, names.zh), finding.text.en.replace(codes, names.en))
    title = Text("有事实尚未查明", "Some facts are not known yet")
    return GateRow(finding.code, finding.state, title, reason, finding.citation, finding.fix)


def _named(facts: Iterable[str], labels: Labels) -> Text:
    found = [labels.get(name, Text(name, name)) for name in facts]
    return Text("、".join(one.zh for one in found), "; ".join(one.en for one in found))
