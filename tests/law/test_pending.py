"""What is declared is used: every fact is read by a rule, or listed here because it is only recorded."""

import pytest

from roadworthy.law.condition import facts_in
from roadworthy.law.load import load_all
from roadworthy.law.model import Gate

# Facts that a file may carry for the record; no rule reads them.
RECORDED = {
    "upgrade": {
        "as_of",
        "beta_release",
        "changed_parameters[].unit",
        "filings",
        "filings.miit_activity",
        "filings.miit_activity.submitted_on",
        "filings.miit_enterprise",
        "filings.miit_type",
        "filings.samr_record",
        "items[].name",
        "items[].performance_change",
        "performance_change",
    },
    "incident": {
        "as_of",
        "automation_engaged",
        "cyber",
        "cyber.persons_affected",
        "imported",
        "knowledge_source",
        "ota_related",
        "other_sources",
        "other_sources[].occurred_at",
        "other_sources[].source",
        "other_sources[].vin",
        "report_already_sent",
        "severity_updates",
        "severity_updates[].airbag_deployed",
        "severity_updates[].deaths",
        "severity_updates[].injuries",
        "severity_updates[].irreversible_restraint",
        "severity_updates[].known_at",
        "vehicles_affected",
        "vin",
    },
    "recall": {"as_of"},
}


@pytest.mark.parametrize("about", sorted(load_all()))
def test_every_declared_fact_is_read_by_a_rule_or_listed(about):
    packs = load_all()[about]
    read: set[str] = set()
    for rule in (rule for pack in packs.packs for rule in pack.rules):
        read |= facts_in(rule.when)
        if isinstance(rule, Gate):
            read |= facts_in(rule.open) | (facts_in(rule.hold) if rule.hold else set())
    for derived in packs.vocabulary.derived.values():
        read |= facts_in(derived.where) | (facts_in(derived.when) if derived.when else set())
        read |= {derived.list, derived.shift, *derived.latest}
    read |= {name for names in packs.vocabulary.bases.values() for name in names}
    unread = {f.name for f in packs.vocabulary.facts.values() if f.needed is None} - read

    assert unread == RECORDED[about]
