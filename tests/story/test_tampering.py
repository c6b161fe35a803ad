"""Notice 45, II.3, prevent tampering: changed bytes are refused by the car and told; bad uploads leave nothing."""

import socket
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from roadworthy.vehicle.agent import Status
from tests.story.company import Plan, Shipment, Story


def files_in(story: Story) -> set[str]:
    folder = story.world.settings.artifacts
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_package_changed_after_approval_is_refused_reported_and_shown(shipping: Story, shipment: Shipment) -> None:
    """One bit on the server's disk: the car keeps what it has, names the attack, and the campaign shows it failed."""
    car = shipping.cars["X5"][0]
    stored = Path(shipping.world.installation.artifacts.path(shipment.package["sha256"]))
    genuine = stored.read_bytes()
    stored.chmod(0o600)
    stored.write_bytes(bytes([genuine[0] ^ 1]) + genuine[1:])

    outcome = car.update()
    assert outcome.status is Status.REFUSED
    assert car.agent.state.ecus == {}
    assert shipping.counts(shipment.campaign) == {"failed": 1}
    (line,) = shipping.by("auditor").get(f"/campaigns/{shipment.campaign}/vehicles")["items"]
    attack = outcome.reason.partition(":")[0]
    assert attack in {"arbitrary_software", "mix_and_match"}
    assert attack.upper() in line["detail"]
    assert car.poll().status is Status.NOTHING_NEW  # a failed car is not offered the same bytes again
    units = shipping.by("auditor").get(f"/vehicles/{car.id}")["ecus"]
    assert shipment.package["sha256"] not in str(units)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"sha256": sha256(b"other bytes").hexdigest()}, 409),
        ({"length": "4"}, 409),
        ({"length": "5000000"}, 409),
        ({"length": "many"}, 422),
    ],
)
def test_an_upload_that_is_not_what_was_announced_leaves_nothing(
    shipping: Story, query: dict[str, str], status: int
) -> None:
    release, before, events = empty_release(shipping), files_in(shipping), len(shipping.events("package.attached"))
    answer = shipping.by("engineer").attempt(
        "POST", f"/releases/{release}/package", content=b"the image", params={"filename": "image.bin", **query}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert_nothing_kept(shipping, release, before, events)


def test_an_upload_that_breaks_off_leaves_nothing(shipping: Story) -> None:
    release, before, events = empty_release(shipping), files_in(shipping), len(shipping.events("package.attached"))
    address = urlsplit(str(shipping.world.http.base_url))
    token = shipping.company.tokens["engineer"][1]
    head = (
        f"POST /api/v1/releases/{release}/package?filename=image.bin HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(head.encode() + b"x" * 50_000)
        line.shutdown(socket.SHUT_WR)
        while line.recv(65_536):
            pass
    assert_nothing_kept(shipping, release, before, events)
    shipping.by("engineer").upload(f"/releases/{release}/package", b"the image", filename="image.bin")


def empty_release(story: Story) -> str:
    ecu, kind = story.company.ecus["X5/CABIN"], story.company.types["X5"]
    body = {"name": "upload", "version": "1", "vehicle_types": [kind], "ecus": [ecu]}
    return story.by("engineer").post("/releases", body)["id"]


def assert_nothing_kept(story: Story, release: str, before: set[str], events: int) -> None:
    assert files_in(story) == before
    assert story.by("engineer").get(f"/releases/{release}")["package"] is None
    assert len(story.events("package.attached")) == events
    assert story.world.rows("SELECT * FROM package WHERE release_id = :id", id=release) == []


def test_the_same_bytes_again_are_kept_once(shipping: Story, shipment: Shipment) -> None:
    release, before = empty_release(shipping), files_in(shipping)
    shipping.by("engineer").upload(f"/releases/{release}/package", Plan().image, filename="image.bin")
    assert files_in(shipping) == before
