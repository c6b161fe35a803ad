"""The shipped packs as plain values to edit, and as the texts that people import."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any
from unittest.mock import patch

from roadworthy.law import Packs
from roadworthy.law.calendar import load_calendars
from roadworthy.law.edition import shipped_texts
from roadworthy.law.load import assemble
from roadworthy.law.reader import read_yaml

RAW: dict[str, Any] = {
    name.removeprefix("packs/"): read_yaml(text.decode(), name)
    for name, text in shipped_texts().items()
    if name.startswith("packs/")
}


def edited(change: Callable[[dict[str, Any]], Any], about: str = "upgrade") -> Packs:
    """The shipped packs with a change; their examples, which the change may contradict, are not run."""
    raw = deepcopy(RAW)
    change(raw)
    with patch("roadworthy.law.load.check_examples"):
        return assemble(raw, load_calendars())[about]


SHIPPED = shipped_texts()
COMPANY = "packs/company/safety-policy.yaml"
COMPANY_ID = "company.safety-policy"


def text_of(version: str = "1.1.0", fix: str = "Restore it", pack: str = COMPANY_ID, status: str = "approved") -> bytes:
    """A version of the company's own pack, as the exact bytes of a file."""
    text = SHIPPED[COMPANY].decode()
    for old, new in (
        ("version: 1.0.0", f"version: {version}"),
        (f"id: {COMPANY_ID}", f"id: {pack}"),
        ("status: approved", f"status: {status}"),
        ("en: Restore driver monitoring and submit again", f"en: {fix}"),
    ):
        assert old in text
        text = text.replace(old, new)
    if pack != COMPANY_ID:
        text = text.replace("SAFETY-POLICY", pack.upper().replace(".", "-"))
    return text.encode()


# A stricter policy of this one company: nothing is released without a survey approval.
STRICT = (
    text_of(version="2.0.0")
    .replace(b"when: {company_safety_policy: {eq: true}}", b"when: {applicant: {eq: Example Motor}}")
    .replace(b"cites: [D25-1b, D25-1d]", b"cites: [N45-1b]")
    .replace(b"open: {weakens_driver_monitoring: {eq: false}}", b"open: {survey_approval_held: {eq: true}}")
    .replace(
        b"given: {weakens_driver_monitoring: true, company_safety_policy: true}",
        b"given: {applicant: Example Motor, survey_approval_held: false}",
    )
)
