"""The rules of a pack as a page shows them: what each is, when it counts, what it asks, how well it is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.law.model import (
    Deferral,
    Due,
    Duty,
    Example,
    FollowUp,
    Gate,
    LabelRule,
    OutcomeRule,
    Pack,
    Rule,
    TierRule,
    WarningRule,
)
from roadworthy.law.packs import Packs
from roadworthy.rulebook.web.conditions import Line, Words
from roadworthy.webui.spans import amount, counted
from roadworthy.webui.words import AUTHORITIES, BASES, text_of

KINDS: Mapping[type[Rule], Text] = {
    OutcomeRule: Text("结论", "Outcome"),
    LabelRule: Text("类别", "Class"),
    TierRule: Text("备案分级", "Tier"),
    Gate: Text("门禁", "Gate"),
    Deferral: Text("推迟", "Deferral"),
    WarningRule: Text("提示", "Warning"),
    Duty: Text("报告义务", "Duty to report"),
    FollowUp: Text("后续步骤", "Follow-up"),
}


@dataclass(frozen=True)
class Part:
    """One condition of a rule under its heading."""

    heading: Text
    line: Line


@dataclass(frozen=True)
class ShownRule:
    """One rule. `key` is what it is called by (a gate's token); `says` are sentences beside its conditions."""

    key: str
    kind: Text
    title: Text
    cites: tuple[str, ...]
    since: date
    until: date | None
    parts: tuple[Part, ...]
    says: tuple[tuple[Text, Text], ...]
    grade: str
    authentic: bool


@dataclass(frozen=True)
class ShownExample:
    """A worked situation: how it differs from the usual one, and what must come out, in the words of the pack."""

    name: str
    as_of: date
    given: tuple[tuple[Text, Text], ...]
    absent: tuple[Text, ...]
    readings: Mapping[str, str]
    expect: tuple[tuple[str, str], ...]


def shown_rules(pack: Pack, packs: Packs) -> tuple[ShownRule, ...]:
    """Give the rules of a pack; `packs` are those it stands among."""
    words = Words(packs)
    return tuple(_shown(rule, packs, words) for rule in pack.rules)


def shown_examples(pack: Pack, packs: Packs) -> tuple[ShownExample, ...]:
    """Give the examples of a pack."""
    words = Words(packs)
    return tuple(_example(one, words) for one in pack.examples)


def due_words(due: Due) -> Text:
    """Say when a duty falls due."""
    if due.on is not None:
        return Text(f"{due.on}", f"{due.on}")
    how = counted(due.amount, due.unit, due.roll, text_of(BASES, due.basis))
    if due.every is None:
        return how
    period = amount(due.every.amount, due.every.unit)
    until = text_of(BASES, due.every.until)
    last = Text(f"，直至{until.zh}", f", until {until.en}") if due.every.until else Text("", "")
    if due.every.times:
        last = Text(f"，共 {due.every.times} 次", f", {due.every.times} times")
    return Text(f"每 {period.zh}一次{last.zh}；每次{how.zh}", f"every {period.en}{last.en}; each time {how.en}")


def _shown(rule: Rule, packs: Packs, words: Words) -> ShownRule:
    doubt = packs.doubt(rule)
    return ShownRule(
        rule.token if isinstance(rule, Gate) else rule.id,
        KINDS[type(rule)],
        rule.title,
        rule.cites,
        rule.since,
        rule.until,
        tuple(_parts(rule, words)),
        tuple(_says(rule)),
        doubt["grade"],
        doubt["authentic"],
    )


def _parts(rule: Rule, words: Words) -> Iterable[Part]:
    if isinstance(rule, Gate):
        yield Part(Text("适用条件", "Asked when"), words.line(rule.when))
        yield Part(Text("满足条件", "Open when"), words.line(rule.open))
        if rule.hold is not None:
            yield Part(Text("不满足但仅待定", "On hold, not blocked, when"), words.line(rule.hold))
    else:
        yield Part(Text("适用条件", "Applies when"), words.line(rule.when))


def _says(rule: Rule) -> Iterable[tuple[Text, Text]]:
    match rule:
        case Gate():
            yield Text("未满足时", "When not open"), rule.reason
            if rule.hold is not None:
                yield Text("待定时", "When on hold"), rule.hold_reason
            yield Text("下一步", "Next step"), rule.fix
        case Duty():
            to = [text_of(AUTHORITIES, one) for one in rule.recipients]
            yield Text("报送", "To whom"), Text("、".join(o.zh for o in to), ", ".join(o.en for o in to))
            yield Text("时限", "Due"), due_words(rule.due)
        case WarningRule():
            yield Text("提示内容", "It says"), rule.text
        case Deferral():
            yield Text("推迟的门禁", "Gates deferred"), Text("、".join(rule.tokens), ", ".join(rule.tokens))
        case TierRule():
            yield Text("分级", "Tier"), Text(rule.tier, rule.tier) if rule.tier else Text("无", "none")
        case _:
            return


def _example(one: Example, words: Words) -> ShownExample:
    return ShownExample(
        one.name,
        one.as_of,
        tuple((words.name(fact), words.value(fact, value)) for fact, value in one.given.items()),
        tuple(words.name(fact) for fact in one.absent),
        one.readings,
        tuple((key, _plain(value)) for key, value in one.expect.items()),
    )


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "–"
    return "–" if value is None else str(value)
