"""What a company keeps about a model beside the values: announcements, papers, numbers, production, plans."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from roadworthy import law
from roadworthy.admission import actions as admission
from roadworthy.admission.model import BuildRecord
from roadworthy.kernel.time import beijing_date
from roadworthy.products import actions as products
from roadworthy.products import store as products_store
from roadworthy.products.model import TypId
from roadworthy.releases.model import Release
from tests.company import NAME, Company, vin

PAPER = sha256(b"paper").hexdigest()


def keep(company: Company, release: Release) -> None:
    """Walk every life cycle of admission for a model that no upgrade waits for; `release` is of EX1."""
    database, officer = company.database, company.people["officer"]
    made = products.add_vehicle_type(
        database, officer, model_code="EX3", name="Example Three", automation_level=2, licensed_manufacturer=NAME
    )
    variant = products.add_variant(database, officer, made.id, "SR", "short range")
    products.amend_variant(database, officer, variant.id, "standard range")
    for batch in (398, 400):
        products.add_announcement(database, officer, made.id, batch, day(company, batch - 300))
    admission.register_values(database, officer, made.id, {"speed_max": "120"}, ground="announcement", reference="398")
    _papers(company, made.id)
    _numbers(company, release)
    _production(company, made.id)
    _plans(company, made.id)


def _papers(company: Company, type_id: TypId) -> None:
    database, officer, second = company.database, company.people["officer"], company.people["second"]
    reports, receipts = [], []
    for number in range(3):
        draft = admission.NewReport(
            type_id, f"T-{number}", "Laboratory", "top speed", day(company, 20), "t.pdf", PAPER, ("speed_max",)
        )
        reports.append(admission.record_report(database, officer, draft).id)
        facts = {"authority": "SAMR" if number else "MIIT", "receipt_number": f"R-{number}"}
        facts |= {"receipt_date": day(company, 3), "document_sha256": PAPER}
        receipts.append(admission.record_receipt(database, officer, type_id, **facts).id)
    for number in (0, 1):
        admission.check_report(database, second, reports[number])
        admission.confirm_receipt(database, second, receipts[number])
    admission.withdraw_report(database, officer, reports[1])
    admission.withdraw_receipt(database, officer, receipts[1])


def _numbers(company: Company, release: Release) -> None:
    """Numbers of EX2, and two of EX1's cabin ECU: no upgrade of this company touches it, so its gates stay."""
    database, officer, second = company.database, company.people["officer"], company.people["second"]
    type_id, _ = company.ecus_of("EX2")
    facts: dict[str, Any] = {"regulation": "GB 44497", "valid_from": day(company, 1)}
    numbers = [admission.propose_swin(database, officer, TypId(type_id), value=f"S{n}", **facts).id for n in range(3)]
    admission.register_swin(database, second, numbers[0])
    admission.register_swin(database, second, numbers[1])
    admission.retire_swin(database, officer, numbers[1])
    admission.withdraw_swin(database, officer, numbers[2])
    own, _ = company.ecus_of("EX1")
    with database.read() as view:
        (cabin,) = (ecu.id for ecu in products_store.list_ecus(view, [own]) if ecu.name == "IVI")
    for value, linker in (("X1", officer), ("X2", second)):
        mine = admission.propose_swin(database, officer, TypId(own), value=value, **facts).id
        admission.register_swin(database, second, mine)
        admission.link_software(database, linker, mine, cabin, release.id)


def _production(company: Company, type_id: TypId) -> None:
    database, officer, counsel = company.database, company.people["officer"], company.people["compliance"]
    for number, (value, verbs) in enumerate(
        (("130", ("explain",)), ("131", ("confirm",)), ("132", ()), ("133", ("confirm", "correct")))
    ):
        record = BuildRecord(vin(100 + number), type_id, "speed_max", value)
        found = admission.record_builds(database, officer, [record], "plant")["findings"][0]["id"]
        company.later()
        if "correct" in verbs:
            again = BuildRecord(vin(100 + number), type_id, "speed_max", "120")
            admission.record_builds(database, officer, [again], "plant")
        for verb in verbs:
            admission.settle_finding(database, counsel, found, verb, "looked at")


def _plans(company: Company, type_id: TypId) -> None:
    database, officer, second = company.database, company.people["officer"], company.people["second"]
    packs = law.load_packs()
    first, other = admission.record_admission(database, officer, type_id, day(company, 9), packs)
    for plan in (first, first, other):
        admission.write_plan(database, officer, plan.id, "plan.docx", PAPER)
    admission.check_plan(database, second, first.id)


def day(company: Company, ago: int) -> str:
    return (beijing_date(company.time.now()) - timedelta(days=ago)).isoformat()
