"""The verbs of releases: write one, judge it, approve it."""

from roadworthy.releases.actions.authoring import (
    Draft,
    StoredFile,
    approve,
    attach_package,
    attach_paper,
    attach_sbom,
    check_paper,
    create,
    declare,
    require_paper_role,
    send_back,
    state_answer,
    submit,
    withdraw,
)
from roadworthy.releases.actions.judging import Judgement, Regime, Scope, classify_all, hardware_of, judge, owed

__all__ = [
    "Draft",
    "Judgement",
    "Regime",
    "Scope",
    "StoredFile",
    "approve",
    "attach_package",
    "attach_paper",
    "attach_sbom",
    "check_paper",
    "classify_all",
    "create",
    "declare",
    "hardware_of",
    "judge",
    "owed",
    "require_paper_role",
    "send_back",
    "state_answer",
    "submit",
    "withdraw",
]  # fmt: skip
