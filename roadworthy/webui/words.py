"""Status words as the console shows them: glyph, word and colour together, never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from roadworthy.kernel.decision import Text


def N_(word: str) -> str:  # noqa: N802 - gettext's own name for "collect this id, translate it when shown"
    """Mark a message id for the catalogues."""
    return word


@dataclass(frozen=True)
class Word:
    """A status: `glyph`, the message id of its word, and `tone` ok | warn | bad | info | idle."""

    glyph: str
    label: str
    tone: str


DECISIONS: Mapping[str, Word] = {
    "open": Word("✓", N_("Open"), "ok"),
    "hold": Word("‖", N_("On hold"), "warn"),
    "blocked": Word("✕", N_("Blocked"), "bad"),
}

# How well a text of the law is known (the grades of the rule packs).
GRADES: Mapping[str, str] = {
    "P": N_("P: primary text"),
    "S": N_("S: secondary source"),
    "M": N_("M: from memory, text not seen"),
    "I": N_("I: inferred"),
    "C": N_("C: rule of the company"),
}

ROLES: Mapping[str, Text] = {
    "administrator": Text("管理员", "administrator"),
    "release_engineer": Text("发布工程师", "release engineer"),
    "release_manager": Text("发布经理", "release manager"),
    "compliance_officer": Text("合规专员", "compliance officer"),
    "homologation_officer": Text("准入专员", "homologation officer"),
    "safety_engineer": Text("安全工程师", "safety engineer"),
    "recall_manager": Text("召回经理", "recall manager"),
    "incident_officer": Text("事故专员", "incident officer"),
    "auditor": Text("审计", "auditor"),
}

# To whom reports go, by the words of the rule packs.
AUTHORITIES: Mapping[str, Text] = {
    "MIIT": Text("工业和信息化部", "MIIT"),
    "SAMR": Text("市场监管总局", "SAMR"),
    "CAC": Text("网信部门", "CAC"),
    "LOCAL": Text("属地主管部门", "local authority"),
    "COMPANY": Text("本企业", "the company itself"),
    "PERSONS": Text("受影响的个人", "persons affected"),
}

# From when a time is counted, by the words of the rule packs.
BASES: Mapping[str, Text] = {
    "occurrence": Text("事件发生", "when it happened"),
    "knowledge": Text("企业获知", "when the company knew"),
    "start": Text("升级活动开始", "the start of the campaign"),
    "completion": Text("升级活动结束", "the end of the campaign"),
    "release": Text("计划发布日", "the planned release"),
    "filing": Text("提交备案", "the filing"),
    "fixed": Text("固定日期", "a fixed day"),
}


def word(known: Mapping[str, Word], key: str) -> Word:
    """Give the word for `key`; a key nobody named is shown as it is, so that a new state is never hidden."""
    return known.get(key) or Word("·", key, "idle")


def text_of(known: Mapping[str, Text], key: str) -> Text:
    """Give the words for `key`; a key nobody named is shown as it is."""
    return known.get(key) or Text(key, key)
