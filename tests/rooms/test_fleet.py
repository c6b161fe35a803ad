"""Vehicles: import and export, secrets, and what is installed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from roadworthy.accounts.credentials import new_secret
from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.fleet import actions, store, web
from roadworthy.fleet.actions.provisioning import ProvisionedAlready
from roadworthy.fleet.model import ImpId, Report, VehicleFilter, VehId
from roadworthy.fleet.rules import Unattested
from roadworthy.kernel.errors import Malformed, NotFound, NotPermitted, Refused, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.vin import Vin
from roadworthy.products import actions as products
from roadworthy.products.model import Ecu, VehicleType
from roadworthy.products.rules import NoPrimary
from roadworthy.products.sheets import RowsUnusable

from .app import ADMINISTRATOR, AUDITOR, OFFICER, client
from .vehicles import HEADER, example_model, stream, vin


@pytest.fixture
def model(database: Database) -> VehicleType:
    return example_model(database)


@pytest.fixture
def ecus(database: Database, model: VehicleType) -> list[Ecu]:
    return [
        products.add_ecu(
            database, OFFICER, model.id, name=name, hardware_id=name.upper(), supplier="S", is_primary=primary,
            influences=[],
        )
        for name, primary in (("tcu", True), ("adcu", False))
    ]  # fmt: skip


@pytest.fixture
def imported(database: Database, model: VehicleType) -> ImpId:
    lines = "".join(f"{vin(n)},EX1,LR,true,false,浙江,P1,2026-03-0{n}\n" for n in (1, 2, 3))
    return actions.import_vehicles(database, OFFICER, stream(HEADER + lines)).id


def test_an_import_is_one_event_over_all_rows(database: Database, model: VehicleType, imported: ImpId) -> None:
    with database.read() as view:
        row = view.first(select(event).where(event.c.kind == "vehicles.imported"))
        found = store.vehicle_by_vin(view, vin(2))
        assert store.count_vehicles(view, VehicleFilter()) == 3
    assert row is not None
    assert '"count":3' in row.body
    assert '"rows":{"count":4' in row.body
    assert vin(1) not in row.body
    assert found is not None
    assert (found.vehicle_type_id, found.sold, found.province, found.built_on) == (model.id, True, "浙江", "2026-03-02")


def test_every_wrong_cell_is_named_and_nothing_is_imported(database: Database, imported: ImpId) -> None:
    table = HEADER + (
        f"{vin(10)},EX1,,,,,,\n"
        "SHORT,EX1,,,,,,\n"
        f"{vin(11)},GHOST,,maybe,,,,2026-02-30\n"
        f"{vin(12)},EX1,SR,,,{'x' * 41},,\n"
        f"{vin(10)},EX1,,,,,,\n"
        "\n"
        f"{vin(1)},EX1,,,,,,\n"
        f"{vin(13)},EX1,,,,,,,surplus\n"
        'LEXOOOOO0A0000001,EX1,,,,,"a\nb",\n'
    )

    with pytest.raises(RowsUnusable) as caught:
        actions.import_vehicles(database, OFFICER, stream(table))

    assert [(e.row, e.column) for e in caught.value.errors] == [
        (3, "vin"), (4, "model_code"), (4, "sold"), (4, "built_on"), (5, "variant"), (5, "province"), (6, "vin"),
        (8, "vin"), (9, "column 9"), (10, "vin"), (10, "plant"),
    ]  # fmt: skip
    assert all(e.problem and e.remedy for e in caught.value.errors)
    with database.read() as view:
        assert store.count_vehicles(view, VehicleFilter()) == 3

    result = actions.import_vehicles(database, OFFICER, stream(table), skip_bad=True)
    assert (result.count, len(result.errors)) == (1, 11)
    with database.read() as view:
        assert store.count_vehicles(view, VehicleFilter()) == 4


def test_a_wrong_check_digit_is_a_warning_only(database: Database, model: VehicleType) -> None:
    wrong = vin(1)[:8] + ("1" if vin(1)[8] != "1" else "2") + vin(1)[9:]

    result = actions.import_vehicles(database, OFFICER, stream(f"vin,model_code\n{wrong},EX1\n{vin(2)},EX1\n"))

    assert (result.count, [(w.row, w.column) for w in result.warnings]) == (2, [(2, "vin")])


def test_filters_select_vehicles(database: Database, model: VehicleType, imported: ImpId) -> None:
    with database.read() as view:
        for wanted, count in (
            (VehicleFilter(vehicle_type_ids=(model.id,)), 3),
            (VehicleFilter(provinces=("浙江",), sold=True), 3),
            (VehicleFilter(sold=False), 0),
            (VehicleFilter(vins=(vin(1), vin(9))), 1),
            (VehicleFilter(vins=()), 0),
        ):
            assert store.count_vehicles(view, wanted) == len(view.all(store.select_vehicles(wanted))) == count
        assert set(store.vehicles_by_vin(view, [vin(n) for n in range(2_000)])) == {vin(1), vin(2), vin(3)}
    with pytest.raises(Unusable, match="10000"):
        store.select_vehicles(VehicleFilter(vins=("x",) * 10_001))


def test_secrets_are_given_once_and_kept_as_digests(database: Database, ecus: list[Ecu], imported: ImpId) -> None:
    made = actions.provision(database, ADMINISTRATOR, import_id=imported)

    assert len(made) == 3
    one = made[0]
    assert [(e.hardware_id, e.primary) for e in one.ecus] == [("TCU", True), ("ADCU", False)]
    with database.read() as view:
        found = actions.vehicle_of_token(view, one.token)
        assert found is not None
        assert found.id == one.vehicle_id
        assert actions.vehicle_of_token(view, new_secret()) is None
        assert actions.vehicle_of_token(view, "") is None
        units = {unit.serial: unit for unit in store.units_of(view, one.vehicle_id)}
        kept = repr([view.all(select(t)) for t in (store.vehicle, store.ecu_unit, event)])
    for ecu in one.ecus:
        assert ecu.private_key is not None
        public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(ecu.private_key)).public_key().public_bytes_raw()
        assert units[ecu.serial].public_key == public.hex()
        assert ecu.private_key not in kept
    assert one.token not in kept


def test_renewing_ends_the_old_secrets(database: Database, ecus: list[Ecu], imported: ImpId) -> None:
    old = actions.provision(database, ADMINISTRATOR, import_id=imported)[0]
    with pytest.raises(ProvisionedAlready):
        actions.provision(database, ADMINISTRATOR, [old.vehicle_id])
    new = actions.provision(database, ADMINISTRATOR, [old.vehicle_id], renew=True)[0]

    with database.read() as view:
        assert actions.vehicle_of_token(view, old.token) is None
        assert actions.vehicle_of_token(view, new.token) is not None
    assert {e.serial for e in old.ecus} == {e.serial for e in new.ecus}
    assert {e.private_key for e in old.ecus}.isdisjoint(e.private_key for e in new.ecus)


def test_provisioning_refuses_what_it_cannot_do(database: Database, model: VehicleType, imported: ImpId) -> None:
    ghost = VehId("VEH-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    for error, call in (
        (NotPermitted, lambda: actions.provision(database, OFFICER, import_id=imported)),
        (Unusable, lambda: actions.provision(database, ADMINISTRATOR)),
        (Unusable, lambda: actions.provision(database, ADMINISTRATOR, [ghost], import_id=imported)),
        (NotFound, lambda: actions.provision(database, ADMINISTRATOR, [ghost])),
        (NotFound, lambda: actions.provision(database, ADMINISTRATOR, [])),
        (NoPrimary, lambda: actions.provision(database, ADMINISTRATOR, import_id=imported)),
    ):
        with pytest.raises(error):
            call()


def test_units_may_bring_their_own_keys(database: Database, ecus: list[Ecu], imported: ImpId) -> None:
    key = "ab" * 32
    table = f"vin,ecu,serial,public_key\n{vin(1)},adcu,S-1,{key.upper()}\n"
    assert actions.import_ecus(database, OFFICER, stream(table)).count == 1
    bad = table + (
        f"{vin(1)},tcu,S 2,xy\n{vin(9)},tcu,S-3,{key}\n{vin(2)},brake,S-4,{key}\n{vin(2)},adcu,S-1,{key}\n"
        f"{vin(3)},adcu,S-5,{key}\n{vin(3)},adcu,S-6,{key}\n"
    )
    with pytest.raises(RowsUnusable) as caught:
        actions.import_ecus(database, OFFICER, stream(bad))
    assert [(e.row, e.column) for e in caught.value.errors] == [
        (2, "ecu"), (3, "serial"), (3, "public_key"), (4, "vin"), (5, "ecu"), (6, "serial"), (8, "ecu"),
    ]  # fmt: skip

    made = {p.vin: p for p in actions.provision(database, ADMINISTRATOR, import_id=imported)}

    assert [(e.serial == "S-1", e.private_key is None) for e in made[Vin(vin(1))].ecus] == [
        (False, False),
        (True, True),
    ]
    with database.read() as view:
        assert {u.public_key for u in store.units_of(view, made[Vin(vin(1))].vehicle_id)} > {key}


class SignedVehicle:
    """A provisioned vehicle that signs manifests as its ECUs would."""

    def __init__(self, database: Database, imported: ImpId) -> None:
        self.database = database
        self.made = actions.provision(database, ADMINISTRATOR, import_id=imported)[0]
        self.actor = Actor(f"vehicle:{self.made.vehicle_id}")
        self.ecu = self.made.ecus[0]

    def manifest(self, counter: int, sha256: str, **changes: object) -> dict[str, object]:
        signed = {
            "ecu_serial": self.ecu.serial, "hardware_id": self.ecu.hardware_id, "attacks_detected": "",
            "report_counter": counter, "time": "2026-03-02T01:00:00Z",
            "installed_image": {"filepath": "acme/tcu/1.img", "fileinfo": {"length": 3, "hashes": {"sha256": sha256}}},
            **changes,
        }  # fmt: skip
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.ecu.private_key or ""))
        return {
            "signatures": [{"keyid": "k", "method": "ed25519", "sig": key.sign(canonical(signed)).hex()}],
            "signed": signed,
        }

    def attest(self, *manifests: object) -> int:
        with self.database.begin(self.actor, attempt="software.attest", subject=self.made.vehicle_id) as work:
            return len(actions.record_attestation(work, self.made.vehicle_id, list(manifests)))  # type: ignore[arg-type]

    def report(self, *reports: Report) -> int:
        with self.database.begin(self.actor) as work:
            return len(actions.record_report(work, self.made.vehicle_id, reports))

    @property
    def events(self) -> int:
        with self.database.read() as view:
            return int(view.scalar(select(func.count()).select_from(event).where(event.c.lane == "fleet")))


@pytest.fixture
def signed_vehicle(database: Database, ecus: list[Ecu], imported: ImpId) -> SignedVehicle:
    return SignedVehicle(database, imported)


A, B = "aa" * 32, "bb" * 32


def test_attested_is_what_an_ecu_signed_with_a_higher_counter(signed_vehicle: SignedVehicle) -> None:
    car = signed_vehicle
    assert car.attest(car.manifest(1, A)) == 1
    assert car.attest(car.manifest(1, A), car.manifest(7, A)) == 0  # the same again: no write
    assert car.events == 1
    assert car.attest(car.manifest(8, B)) == 1
    for old in (car.manifest(8, A), car.manifest(1, A)):
        with pytest.raises(Unattested, match="old"):
            car.attest(old)
    with car.database.read() as view:
        unit = next(u for u in store.units_of(view, car.made.vehicle_id) if u.serial == car.ecu.serial)
    assert (unit.attested.sha256, unit.report_counter, unit.reported.at) == (B, 8, None)


def test_what_is_not_signed_by_the_unit_proves_nothing(signed_vehicle: SignedVehicle) -> None:
    car = signed_vehicle
    altered = car.manifest(1, A)
    altered["signed"] = {**altered["signed"], "report_counter": 2}  # type: ignore[dict-item]
    other_unit = {**car.manifest(1, A), "signed": {"ecu_serial": car.made.ecus[1].serial, "hardware_id": "ADCU"}}
    for manifest, error in (
        (altered, Unattested),
        (car.manifest(1, A, hardware_id="OTHER"), Unattested),
        (other_unit, Unattested),
        ({**car.manifest(1, A), "signatures": [{"method": "ed25519", "sig": "zz"}]}, Unattested),
        ({**car.manifest(1, A), "signatures": []}, Unattested),
        ({**car.manifest(1, A), "signatures": "x"}, Malformed),
        (car.manifest(1, A, ecu_serial="ghost"), Unusable),
        (car.manifest(1, "short"), Malformed),
        (car.manifest(-1, A), Malformed),
        (car.manifest(1, A, installed_image=[]), Malformed),
        ({}, Unusable),
        ({"signed": {**car.manifest(1, A)["signed"], "x": 0.5}, "signatures": []}, Malformed),  # type: ignore[dict-item]
    ):
        with pytest.raises(error):
            car.attest(manifest)
    assert car.events == 0


def test_a_report_is_kept_apart_and_written_only_when_new(signed_vehicle: SignedVehicle) -> None:
    car = signed_vehicle
    told = Report(car.ecu.serial, version="1.0")
    assert (car.report(told), car.report(told), car.report(Report(car.ecu.serial, sha256=A))) == (1, 0, 1)
    assert car.events == 2
    for bad in (Report("ghost"), Report(car.ecu.serial, sha256="x"), Report(car.ecu.serial, version="x" * 121)):
        with pytest.raises(Unusable):
            car.report(bad)
    with car.database.read() as view:
        unit = next(u for u in store.units_of(view, car.made.vehicle_id) if u.serial == car.ecu.serial)
    assert (unit.reported.sha256, unit.attested.at) == (A, None)


def test_master_data_are_corrected_by_whom_they_belong_to(database: Database, imported: ImpId) -> None:
    with database.read() as view:
        vehicle_id = VehId(store.ids_of_import(view, imported)[0])
    assert actions.amend_vehicle(database, OFFICER, vehicle_id, province=" 江苏 ").province == "江苏"
    with pytest.raises(Refused, match="Nothing would change"):
        actions.amend_vehicle(database, OFFICER, vehicle_id, province="江苏")
    for loosened in ({"sold": False}, {"test_fleet": True}):
        with pytest.raises(NotPermitted, match="compliance_officer"):
            actions.amend_vehicle(database, OFFICER, vehicle_id, **loosened)
    compliance = Actor("USR-01FF1CER0000000000000000CC", frozenset({"compliance_officer"}))
    assert actions.amend_vehicle(database, compliance, vehicle_id, sold=False).sold is False
    with pytest.raises(Unusable, match="40"):
        actions.amend_vehicle(database, OFFICER, vehicle_id, province="x" * 41)
    with pytest.raises(NotPermitted):
        actions.amend_vehicle(database, AUDITOR, vehicle_id, sold=True)


def test_api_imports_lists_exports_and_provisions(database: Database, ecus: list[Ecu]) -> None:
    http = client(database, ADMINISTRATOR, web.router)
    table = HEADER + "".join(f"{vin(n)},EX1,,,,=1+1,,\n" for n in (1, 2))
    made = http.post("/api/v1/vehicles/import", files={"file": ("v.csv", table.encode())})
    assert (made.status_code, made.json()["count"]) == (201, 2)
    again = http.post("/api/v1/vehicles/import", files={"file": ("v.csv", table.encode())})
    assert (again.status_code, len(again.json()["findings"])) == (422, 2)
    first = http.get("/api/v1/vehicles", params={"limit": 1}).json()
    second = http.get("/api/v1/vehicles", params={"limit": 1, "after": first["next"]}).json()
    assert {first["items"][0]["vin"], second["items"][0]["vin"]} == {vin(1), vin(2)}
    assert second["next"] is None
    assert http.get("/api/v1/vehicles", params={"vin": vin(1).lower()}).json()["items"][0]["vin"] == vin(1)
    assert "'=1+1" in http.get("/api/v1/vehicles/export.csv", params={"sold": "true"}).text
    secrets = http.post("/api/v1/vehicles/provision", json={"import_id": made.json()["id"]}).json()["items"]
    assert set(secrets[0]) == {"vin", "vehicle", "token", "ecus"}
    whole = http.get(f"/api/v1/vehicles/{secrets[0]['vehicle']}").json()
    assert whole["provisioned"] is True
    assert len(whole["ecus"]) == 2
    assert (
        http.patch(f"/api/v1/vehicles/{secrets[0]['vehicle']}", json={"province": "Anhui"}).json()["province"]
        == "Anhui"
    )
    assert http.get("/api/v1/templates/ecus.xlsx").content.startswith(b"PK")
    for answer, status in (
        (http.get("/api/v1/vehicles", params={"vin": "SHORT"}), 422),
        (http.get("/api/v1/vehicles", params={"limit": 501}), 400),
        (http.get("/api/v1/vehicles/VEH-1"), 400),
        (http.get("/api/v1/vehicles/VEH-01ARZ3NDEKTSV4RRFFQ69G5FAV"), 404),
        (http.post("/api/v1/vehicles/import"), 422),
        (http.delete("/api/v1/vehicles"), 405),
        (http.get("/api/v1/templates/vehicles.pdf"), 404),
        (http.post("/api/v1/vehicles/provision", json={}), 422),
        (client(database, AUDITOR, web.router).post("/api/v1/vehicles/provision", json={"vehicle_ids": []}), 403),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
