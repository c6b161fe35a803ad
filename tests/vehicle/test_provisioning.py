"""Reading who a vehicle is: complete or refused with the field's name."""

import json

import pytest

from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.vehicle.provisioning import parse_provisioning, read_provisioning


def test_file_is_read_and_keys_are_not_shown(world, tmp_path):
    file = tmp_path / "car.json"
    file.write_text(json.dumps(world.document(second_ecu=True)))
    vehicle = read_provisioning(file)
    assert vehicle.primary.serial == "SN-0001"
    assert set(vehicle.by_serial) == {"SN-0001", "SN-0002"}
    assert vehicle.director_url == f"{world.url}/uptane/vehicle/LSVAA4187E0000001/director/"
    assert "t-1" not in repr(vehicle)
    assert "private" not in repr(vehicle)


def test_slash_at_the_end_of_the_server_is_forgiven(world):
    assert parse_provisioning(world.document() | {"server": "https://ota.example.com/"}).image_url == (
        "https://ota.example.com/uptane/image/"
    )


@pytest.mark.parametrize(
    "field",
    ["vin", "vehicle", "server", "token", "ecus", "image_root", "director_root", "log_vkey"],
)
def test_every_field_is_needed_and_named(world, field):
    document = world.document()
    del document[field]
    with pytest.raises(Unusable, match=field):
        parse_provisioning(document)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("vin", "LSVAA4187E000000I", "without I, O and Q"),
        ("server", "ftp://x", "http"),
        ("server", "https://x/?a=1", "http"),
        ("token", "two words", "without blanks"),
        ("token", "line\nbreak", "without blanks"),
        ("ecus", [], "at least its primary"),
        ("ecus", [1], "no JSON object"),
        ("image_root", "{}", "no valid TUF root"),
        ("vehicle", 7, "no text"),
    ],
)
def test_wrong_values_are_explained(world, field, value, words):
    with pytest.raises(Unusable, match=words):
        parse_provisioning(world.document() | {field: value})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"serial": "../../etc"}, "serial must be"),
        ({"serial": "."}, "serial must be"),
        ({"private_key": "00"}, "64 lower-case hex digits"),
        ({"hardware_id": ""}, "hardware_id"),
        ({"primary": 1}, "true or false"),
        ({"primary": False}, "exactly one ECU must be primary"),
    ],
)
def test_wrong_ecus_are_explained(world, change, words):
    document = world.document()
    document["ecus"][0] |= change
    with pytest.raises(Unusable, match=words):
        parse_provisioning(document)


def test_two_ecus_cannot_share_a_serial(world):
    document = world.document()
    document["ecus"].append(document["ecus"][0] | {"primary": False})
    with pytest.raises(Unusable, match="same serial"):
        parse_provisioning(document)


def test_root_must_be_signed_by_itself_and_be_a_root(world):
    root = json.loads(world.image_root)
    root["signed"]["version"] = 2
    with pytest.raises(Unusable, match="image_root is no valid TUF root"):
        parse_provisioning(world.document() | {"image_root": json.dumps(root)})
    targets = world.files["image/metadata/1.targets.json"].decode()
    with pytest.raises(Unusable, match="must be root metadata"):
        parse_provisioning(world.document() | {"director_root": targets})


def test_errors_of_files_name_the_file(world, tmp_path):
    file = tmp_path / "car.json"
    with pytest.raises(Unusable, match=r"car\.json cannot be read"):
        read_provisioning(file)
    file.write_text("{")
    with pytest.raises(Malformed, match=r"car\.json is no JSON"):
        read_provisioning(file)
    file.write_text("[]")
    with pytest.raises(Unusable, match=r"car\.json: the provisioning document is no JSON object"):
        read_provisioning(file)
