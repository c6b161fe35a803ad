"""Conditions of rules as sentences: the facts' own labels, operators as words, all and any as lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.law.condition import AllOf, AnyOf, Condition, FactRef, Not, Test
from roadworthy.law.packs import Packs

_OPERATORS: Mapping[str, Text] = {
    "eq": Text("为", "is"),
    "ne": Text("不为", "is not"),
    "ge": Text("不小于", "is at least"),
    "gt": Text("大于", "is more than"),
    "le": Text("不大于", "is at most"),
    "lt": Text("小于", "is less than"),
    "in": Text("属于", "is one of"),
    "intersects": Text("包含其中任一", "contains one of"),
}
_OF_DATES: Mapping[str, Text] = {
    "ge": Text("不早于", "is not before"),
    "gt": Text("晚于", "is after"),
    "le": Text("不晚于", "is not after"),
    "lt": Text("早于", "is before"),
}
_ANSWERS = {True: Text("是", "yes"), False: Text("否", "no")}
_OWN = {"outcome": Text("结论", "outcome"), "tier": Text("备案分级", "tier")}
_ALL, _ANY, _NOT = "all", "any", "not"


@dataclass(frozen=True)
class Line:
    """A sentence, or (`how` all, any, not) what holds the `parts` together; all of no parts is always true."""

    said: Text = field(default_factory=lambda: Text("", ""))
    how: str = ""
    parts: tuple["Line", ...] = ()

    @property
    def always(self) -> bool:
        """Whether it asks for nothing."""
        return self.how == _ALL and not self.parts


class Words:
    """The names that conditions of some packs may use, in words."""

    def __init__(self, packs: Packs) -> None:
        """Speak with the vocabulary, the labels and the open questions of `packs`."""
        self._packs = packs

    def line(self, condition: Condition) -> Line:
        """Say a condition."""
        match condition:
            case Test():
                return Line(self._test(condition))
            case Not(part):
                return Line(how=_NOT, parts=(self.line(part),))
            case AllOf(parts) | AnyOf(parts):
                if len(parts) == 1:
                    return self.line(parts[0])
                how = _ALL if isinstance(condition, AllOf) else _ANY
                return Line(how=how, parts=tuple(self.line(part) for part in parts))

    def name(self, fact: str) -> Text:
        """Name a fact; one that no vocabulary declares is shown by its code."""
        vocabulary = self._packs.vocabulary
        known = vocabulary.facts.get(fact) or vocabulary.derived.get(fact)
        if known is not None:
            return known.label
        kind, _, rest = fact.partition(".")
        if kind == "label":
            title = self._labels.get(rest, Text(rest, rest))
            return Text(f"类别“{title.zh}”", f"class “{title.en}”")
        if kind == "option":
            return Text(f"对 {rest} 的解读", f"reading of {rest}")
        return _OWN.get(fact, Text(fact, fact))

    def value(self, fact: str, value: Any) -> Text:
        """Say a value of a fact."""
        if isinstance(value, FactRef):
            other = self.name(value.fact)
            return Text(f"“{other.zh}”", f"“{other.en}”")
        if isinstance(value, bool):
            return _ANSWERS[value]
        if isinstance(value, Mapping):
            pairs = [(self.name(f"{fact}[].{key}"), self.value(f"{fact}[].{key}", one)) for key, one in value.items()]
            return Text("，".join(f"{k.zh} {v.zh}" for k, v in pairs), ", ".join(f"{k.en} {v.en}" for k, v in pairs))
        if isinstance(value, list | tuple):
            said = [self.value(fact, one) for one in value]
            return Text("、".join(one.zh for one in said), ", ".join(one.en for one in said))
        if fact.startswith("option."):
            question = self._packs.ambiguities.get(fact.removeprefix("option."))
            if question is not None and value in question.options:
                reading = question.options[value]
                return Text(f"“{reading.zh}”", f"“{reading.en}”")
        word = "–" if value is None else str(value)
        return Text(word, word)

    @cached_property
    def _labels(self) -> Mapping[str, Text]:
        return {rule.label: rule.title for rule in self._packs.all.labels}

    def _test(self, test: Test) -> Text:
        name, operand = self.name(test.fact), test.operand
        if test.op == "empty":
            is_empty = Text("为空", "is empty") if operand else Text("不为空", "is not empty")
            return Text(f"{name.zh}{is_empty.zh}", f"{name.en} {is_empty.en}")
        if isinstance(operand, bool) and test.op in ("eq", "ne"):
            answer = _ANSWERS[operand is (test.op == "eq")]
            return Text(f"{name.zh}：{answer.zh}", f"{name.en}: {answer.en}")
        how = self._operator(test)
        value = self.value(test.fact, operand)
        return Text(f"{name.zh}{how.zh} {value.zh}", f"{name.en} {how.en} {value.en}")

    def _operator(self, test: Test) -> Text:
        vocabulary = self._packs.vocabulary
        known = vocabulary.facts.get(test.fact) or vocabulary.derived.get(test.fact)
        if known is not None and known.type in ("date", "instant") and test.op in _OF_DATES:
            return _OF_DATES[test.op]
        return _OPERATORS.get(test.op, Text(test.op, test.op))
