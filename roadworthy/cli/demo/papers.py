"""What the demo writes into papers: the examples of the forms, made to say what is really filed."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from roadworthy.law.forms import load_forms

# Facts that a scope may say.
PACKAGE, START = ("package", "sha256"), ("plan", "start")
# Both papers of an activity are filled from one document, so that they agree.

_TOGETHER = {"miit_activity": "samr_record", "samr_record": "miit_activity"}
QUANTITY = 100


def pdf(words: str) -> bytes:
    """Give a file that passes for a PDF; `words` make it another one each time."""
    return f"%PDF-1.4\n% {words}\n%%EOF\n".encode()


ATTACHED = pdf("attachment of the demo")


def facts_of(kind: str, models: Sequence[tuple[str, str]], named: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Give a document of facts that fills the form of `kind` for these models (code, name).

    `named` are facts that the scope of the filing says, by part and name; they are left to it.
    """
    forms = load_forms()
    facts = dict(forms[kind].example)
    for other in (_TOGETHER[kind],) if kind in _TOGETHER else ():
        facts = _under(dict(forms[min(kind, other)].example), forms[max(kind, other)].example)
    facts = dict(_with_files(facts))
    facts.pop("receipt", None)
    if "models" in facts:
        row = facts["models"][0]
        facts["models"] = [{**row, "code": code, "name": name, "quantity": QUANTITY} for code, name in models]
        facts["quantity"] = QUANTITY * len(models)
    if models and isinstance(facts.get("model"), Mapping):
        facts["model"] = {**facts["model"], "code": models[0][0]}
    for part, name in named:
        if isinstance(facts.get(part), Mapping):
            facts[part] = {key: value for key, value in facts[part].items() if key != name}
    return facts


def files_of(facts: Any) -> Iterator[str]:
    """Give the name of each file that a document of facts says is attached."""
    if isinstance(facts, Mapping):
        if facts.get("sha256") == sha256(ATTACHED).hexdigest():
            yield str(facts["name"])
        for value in facts.values():
            yield from files_of(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from files_of(value)


def _under(base: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Add what only `other` says."""
    for key, value in other.items():
        mine = base.get(key)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
            base[key] = _under(dict(mine), value)
        else:
            base.setdefault(key, value)
    return base


def _with_files(facts: Any) -> Any:
    """Let every file of the examples be the one that the demo attaches."""
    if isinstance(facts, Mapping):
        if {"name", "sha256"} <= set(facts):
            return {**facts, "sha256": sha256(ATTACHED).hexdigest(), "size": len(ATTACHED)}
        return {key: value if key == "package" else _with_files(value) for key, value in facts.items()}
    return [_with_files(value) for value in facts] if isinstance(facts, list) else facts
