"""Notice 45, I.1: a new model with driver assistance and OTA, from Excel to registered values, reports and receipts.

Then one car is built otherwise than registered: the model waits until a second person has seen it corrected.
"""

import json
from hashlib import sha256
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from roadworthy.cli.main import app
from roadworthy.kernel.decision import Text
from roadworthy.products.sheets import SheetColumn, write_xlsx
from tests.story.company import Plan, Story, vin_of
from tests.story.world import COMPANY, Caller

FAST = Plan("drive", "6.0.0", ("N7",), "DRIVE", {"speed_max": "120", "hands_off_warning": "10"})


def send(caller: Caller, what: str, rows: list[dict[str, str]], **options: str) -> dict:
    """Send a table as Excel: check it, expect no wrong cell, confirm it."""
    columns = [SheetColumn(key, key, False, Text(key, key)) for key in rows[0]]
    book = write_xlsx(columns, rows)
    checked = caller.upload(f"/tables/{what}/uploads", book, filename=f"{what}.xlsx")
    assert checked["errors"] == []
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return caller.post(f"/tables/{what}/uploads/{checked['upload']}/confirm?{query}")


def in_force(story: Story) -> None:
    """Bring the new model N7 from Excel to registered, verified, and on file at both ministries."""
    officer, second = story.by("homologation"), story.by("second")
    model = {"model_code": "N7", "name": "N7", "automation_level": 2, "licensed_manufacturer": COMPANY}
    type_id = story.company.types["N7"] = officer.post("/vehicle-types", model)["id"]
    officer.post(f"/vehicle-types/{type_id}/announcements", {"batch": 402, "announced_on": story.day(20)})

    loaded = officer.post("/catalogues", {"name": "cn-annex2"})
    assert "cdas_fitted" in loaded["defined"]
    assert loaded["different"] == ["speed_max"]  # the company's own stays
    drive = {"name": "DRIVE", "hardware_id": "drive-1", "supplier": "Qilin", "is_primary": "true"}
    send(officer, "ecus", [{"model_code": "N7", **drive, "influences": "speed_max|hands_off_warning"}])
    ecus = officer.get(f"/vehicle-types/{type_id}")["ecus"]
    story.company.ecus["N7/DRIVE"] = ecus[0]["id"]

    values = {
        one["key"]: {"bool": "true", "number": "10", "text": "=a", "list": "a|b"}[one["type"]]
        for one in officer.get("/parameters")["items"]
    } | {"speed_max": "120"}
    rows = [{"model_code": "N7", "parameter": key, "value": value} for key, value in values.items()]
    made = send(officer, "values", rows, ground="announcement", reference="batch%20402")
    assert (made["rows"], made["changes"]) == (len(values), len(values))

    state = officer.get(f"/vehicle-types/{type_id}/supplement")
    assert (state["missing"], state["lacking"], state["supplemented"]) == ([], ["MIIT", "SAMR"], False)
    facts = {"filename": "report.pdf", "number": "T-77", "laboratory": "CATARC", "scope": "GB 47955"}
    facts |= {"issued_on": story.day(5), "verifies": state["unverified"]}
    report = officer.upload(f"/vehicle-types/{type_id}/test-reports", b"report", **facts)
    assert report["sha256"] == sha256(b"report").hexdigest()
    assert officer.refused("POST", f"/test-reports/{report['id']}/check", status=403)["code"] == "four_eyes"
    second.post(f"/test-reports/{report['id']}/check")
    for authority in ("MIIT", "SAMR"):
        body = {"authority": authority, "receipt_number": "R-1", "receipt_date": story.day(1)}
        paper = officer.post(
            f"/vehicle-types/{type_id}/supplement/receipts", {**body, "document_sha256": sha256(b"receipt").hexdigest()}
        )
        second.post(f"/supplement-receipts/{paper['id']}/confirm")
    assert officer.get(f"/vehicle-types/{type_id}/supplement")["supplemented"]
    story.file("miit_type", ["N7"])
    story.file("samr_parameters", ["N7"])


def test_a_car_that_was_built_otherwise_holds_its_model_until_it_is_corrected(story: Story) -> None:
    """N45-2a, N45-2b, N45-2c: values, verification and both receipts. N45-2d: production stays consistent."""
    in_force(story)
    officer = story.by("homologation")
    release = story.released(FAST)
    story.file_release(release, ["N7"])
    gate = f"/releases/{release['id']}/gate"
    assert officer.get(gate)["ok"]

    built = [{"vin": vin_of(700), "model_code": "N7", "parameter": "speed_max", "value": "135"}]
    (found,) = send(officer, "build-records", built, source="MES")["findings"]
    assert {"COP", "PROD"} & held(officer, gate) == {"PROD"}
    refused = officer.refused("POST", f"/consistency-findings/{found['id']}/correct", {"remark": "done"}, status=403)
    assert refused["code"] == "role.missing"
    settle = f"/consistency-findings/{found['id']}/correct"
    compliance = story.by("compliance")
    assert compliance.refused("POST", settle, {"remark": "done"})["code"] == "finding.not_corrected"
    story.world.advance(minutes=5)
    send(officer, "build-records", [{**built[0], "value": "120"}], source="MES")
    compliance.post(settle, {"remark": "flashed again at the plant"})
    assert officer.get(gate)["ok"]


def test_a_changed_main_parameter_of_the_new_model_ships_exactly_when_permit_and_filings_are_there(
    story: Story,
) -> None:
    """N45-2a, N45-7b, N45-6a, EIDC22-2: from Excel to in force, then the permit, filed anew, and only then shipped."""
    in_force(story)
    sheet = f"vin,model_code,sold,test_fleet,province\n{vin_of(700)},N7,true,false,江苏\n"
    story.by("administrator").form("/vehicles/import", "cars.csv", sheet.encode())
    faster = {"speed_max": "130", "hands_off_warning": "10"}
    release = story.released(Plan("drive", "6.1.0", ("N7",), "DRIVE", faster))
    assert [(one["labels"], one["tier"]) for one in release["classifications"]] == [(["parameters"], "T2b")]
    campaign = story.planned(release)
    assert {"ACT", "SAMR", "PARAM"} <= story.missing(campaign)
    story.permit(["N7"], {**faster, "speed_max": "125"})
    assert "PARAM" in story.missing(campaign)
    story.permit(["N7"], faster)
    assert {"ACT", "SAMR"} <= story.missing(campaign)
    assert "PARAM" not in story.missing(campaign)
    scope = {"release_id": release["id"], "package_sha256": release["package"]["sha256"]}
    story.file("miit_activity", ["N7"], **scope)
    assert "SAMR" in story.missing(campaign)
    story.file("samr_record", ["N7"], **scope)
    assert story.do("start", campaign)["status"] == "running"


def held(caller: Caller, gate: str) -> set[str]:
    (answer,) = caller.get(gate)["vehicle_types"]
    return {finding["code"] for finding in answer["findings"] if finding["state"] != "open"}


def test_the_command_line_sends_a_table_and_marks_what_is_wrong(story: Story, tmp_path: Path) -> None:
    """N45-2a: parameters come from the homologation department's Excel."""
    _, token = story.company.tokens["homologation"]
    sheet = tmp_path / "values.xlsx"

    def run(*words: str) -> Result:
        shared = ["--server", story.world.settings.public_url, "--token", token]
        return CliRunner().invoke(app, [*shared, "admission", *words])

    assert run("export", "values", str(sheet), "--model", "X5").exit_code == 0
    same = run("import", "values", str(sheet), "--ground", "announcement", "--reference", "batch 398", "-o", "json")
    assert (same.exit_code, json.loads(same.stdout)) == (0, {"rows": 3, "changes": 0})

    columns = [SheetColumn(key, key, False, Text(key, key)) for key in ("model_code", "parameter", "value")]
    wrong = {"model_code": "X5", "parameter": "speed_max", "value": "fast"}
    sheet.write_bytes(write_xlsx(columns, [wrong, {**wrong, "parameter": "theme", "value": "noon"}]))
    refused = run("import", "values", str(sheet), "--ground", "announcement", "--reference", "b", "-o", "json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["errors"][0]["cell"] == "C2"
    assert (tmp_path / "values-errors.xlsx").stat().st_size > 1_000
    sheet.write_bytes(write_xlsx(columns, [{**wrong, "value": "125"}]))
    assert run("import", "values", str(sheet), "--check").exit_code == 0
    assert run("import", "values", str(sheet), "--ground", "announcement", "--reference", "b 9").exit_code == 0
    type_id = story.company.types["X5"]
    differ = run("diff", f"{type_id}@2026-03-02T02:01:00Z", type_id, "-o", "json")
    assert (differ.exit_code, "speed_max" in differ.stdout) == (3, True)
    assert run("supplement", type_id).exit_code == 0
    assert run("consistency", type_id).exit_code == 3
    for listed in (("report", "list"), ("swin", "list"), ("finding", "list"), ("plan", "list"), ("values", type_id)):
        assert run(*listed).exit_code == 0
