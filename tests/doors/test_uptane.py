"""The TUF/Uptane door against three clients of others' making, and what it gives to whom."""

import json
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater

from roadworthy.device import uptane
from roadworthy.fleet import store
from roadworthy.installation import open_keys
from roadworthy.signing.image_repository import make_snapshot, make_timestamp
from roadworthy.signing.model import file_name, header_of
from roadworthy.signing.remote import call
from roadworthy.signing.signers import DirectorSigner
from roadworthy.signing.store import load_image_set
from roadworthy.vehicle.agent import Agent, Status
from roadworthy.vehicle.fetcher import http_pool
from tests.doors.house import PASSPHRASES, Car, House, writes
from tests.signing.node import FOLDER, install_tufjs


class Gateway:
    """A proxy on loopback that adds a car's token, as its gateway would, and can replace files on the way."""

    def __init__(self, house: House) -> None:
        self.car: Car | None = None
        self.instead: dict[str, bytes] = {}
        self.asked: list[str] = []
        gateway, upstream = self, httpx.Client(base_url=house.url)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                gateway.asked.append(self.path)
                assert gateway.car is not None
                answer = upstream.get(self.path, headers=gateway.car.token)
                content = gateway.instead.get(self.path, answer.content)
                self.send_response(200 if self.path in gateway.instead else answer.status_code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *parts):
                pass

        self.upstream = upstream
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/uptane"


@pytest.fixture
def gateway(house: House) -> Iterator[Gateway]:
    made = Gateway(house)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()
    made.upstream.close()


def python_tuf(gateway: Gateway, repository: str, root: bytes, path: str, folder: Path) -> bytes | str:
    """Give the image's bytes, or why python-tuf refused."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    base, targets = f"{gateway.url}/{repository}/metadata/", f"{gateway.url}/image/targets/"
    try:
        updater = Updater(str(folder), base, str(folder / "images"), targets, bootstrap=root)
        updater.refresh()
        found = updater.get_targetinfo(path)
        return "not found" if found is None else Path(updater.download_target(found)).read_bytes()
    except (RepositoryError, DownloadError) as error:
        return str(error)


def tuf_js(gateway: Gateway, repository: str, root: bytes, path: str, folder: Path) -> bytes | str:
    """Give the image's bytes, or why tuf-js refused."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.json").write_bytes(root)
    command = [*install_tufjs(), str(FOLDER / "client.mjs"), f"{gateway.url}/{repository}/metadata"]
    done = subprocess.run(
        [*command, f"{gateway.url}/image/targets", str(folder), path],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    told = json.loads(done.stdout)
    return Path(told["file"]).read_bytes() if "file" in told else f"{told['refused']}: {told['because']}"


CLIENTS = pytest.mark.parametrize("client", [python_tuf, tuf_js], ids=["python-tuf", "tuf-js"])


def path_of(house: House) -> str:
    return str(house.release["package"]["path"])


def image_of(house: House) -> bytes:
    return (house.home / "ivi-suite.img").read_bytes()


def timestamp(car: Car) -> httpx.Response:
    return car.get(f"{car.uptane}/metadata/timestamp.json")


def version_of(answer: httpx.Response) -> int:
    return int(answer.raise_for_status().json()["signed"]["version"])


@pytest.fixture
def assigned(house: House) -> Car:
    """A car that has an update by now, and its metadata."""
    car, _ = house.shipped()
    timestamp(car).raise_for_status()
    return car


# Clients


def test_our_agent_waits_for_the_log_installs_and_attests(house: House, car, tmp_path):
    with http_pool() as pool:
        agent = Agent(car.provisioning, tmp_path, time=house.time, pool=pool)
        assert agent.cycle().status == Status.NOTHING_NEW
        house.ship(car)
        waiting = agent.cycle()
        assert (waiting.status, waiting.seconds) == (Status.COME_BACK, 1.0)
        house.tick()
        outcome = agent.cycle()
        assert outcome.status == Status.ATTESTED, outcome.reason
        (slot,) = (tmp_path / "slots").glob("ivi-*/a.img")
        assert slot.read_bytes() == image_of(house)
        assert agent.cycle().status == Status.NOTHING_NEW
    number = int(car.links()["installedBase"].rpartition("/")[2])
    assert house.status(number) == "attested"  # DDI shows it too


@CLIENTS
def test_a_third_party_client_accepts_the_gated_image(house: House, gateway, assigned, tmp_path, client):
    gateway.car = assigned
    root = assigned.provisioning.image_root
    assert client(gateway, "image", root, path_of(house), tmp_path) == image_of(house)


@CLIENTS
def test_a_third_party_client_accepts_the_director_of_its_car(house: House, gateway, assigned, tmp_path, client):
    gateway.car = assigned
    repository = f"vehicle/{assigned.vin}/director"
    assert client(gateway, repository, assigned.provisioning.director_root, path_of(house), tmp_path) == image_of(house)


@CLIENTS
def test_the_same_image_without_the_gates_signature_is_refused_and_not_fetched(
    house: House, gateway, assigned, tmp_path, client
):
    """Even when whoever took the signature away holds the release key and the online keys."""
    with house.database.read() as view:
        current = load_image_set(view)
    assert current is not None
    keys = open_keys(house.home, "WORKER", PASSPHRASES["WORKER"])
    whole = json.loads(current.released)
    left = [s for s in whole["signatures"] if s["keyid"] == keys["release"].keyid]
    assert len(left) == len(whole["signatures"]) - 1
    bare = json.dumps({**whole, "signatures": left}).encode()
    now, online = house.time.now() + timedelta(days=1), keys["image-online"]
    number = header_of(current.snapshot).version + 1
    snapshot = make_snapshot(number, now, {"targets": current.targets, "released": bare}, online)
    for role, content in (
        ("released", bare),
        ("snapshot", snapshot),
        ("timestamp", make_timestamp(number, now, snapshot, online)),
    ):
        gateway.instead[f"/uptane/image/metadata/{file_name(role, header_of(content).version)}"] = content
    gateway.car = assigned
    told = client(gateway, "image", assigned.provisioning.image_root, path_of(house), tmp_path)
    assert "released was signed by 1/2 keys" in str(told)
    assert not any("/targets/" in path for path in gateway.asked)


# Who gets what


def test_image_metadata_is_public_and_everything_else_needs_the_cars_token(house: House, assigned):
    folder, _, name = path_of(house).rpartition("/")
    target = f"/uptane/image/targets/{folder}/{house.release['package']['sha256']}.{name}"
    public = assigned.http.get("/uptane/image/metadata/timestamp.json")
    assert (public.status_code, public.headers["cache-control"]) == (200, "no-cache")
    own = [f"{assigned.uptane}/metadata/{n}" for n in ("timestamp.json", "1.root.json", "1.targets.json")]
    for path in (target, *own):
        for headers in ({}, {"Authorization": "TargetToken rw_x"}, {"Authorization": f"Bearer {house.token}"}):
            answer = assigned.http.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert "TargetToken" in answer.json()["detail"] or "token" in answer.json()["detail"]
    assert assigned.http.put(f"{assigned.uptane}/manifest", json={}).status_code == 401


def test_another_cars_metadata_and_targets_are_404(house: House, assigned, car):
    for vin in (assigned.vin, "LHYC70CC0S9999999", "x", assigned.vin.lower()):
        for name in ("timestamp.json", "1.root.json", "1.targets.json"):
            assert car.get(f"/uptane/vehicle/{vin}/director/metadata/{name}").status_code == 404
        assert car.send("PUT", f"/uptane/vehicle/{vin}/director/manifest", json={}).status_code == 404
    folder, _, name = path_of(house).rpartition("/")
    prefix = f"/uptane/image/targets/{folder}/"
    sha256 = house.release["package"]["sha256"]
    assert car.get(f"{prefix}{sha256}.{name}").status_code == 404  # nothing is assigned to it
    assert assigned.get(f"{prefix}{sha256}.{name}").content == image_of(house)
    head = assigned.send("HEAD", f"{prefix}{sha256}.{name}")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "100000")
    part = assigned.get(f"{prefix}{sha256}.{name}", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, image_of(house)[1:4])
    for other in (name, f"{'0' * 64}.{name}", f"{sha256}.other.img", f"..%2f{folder}%2f{sha256}.{name}", ""):
        assert assigned.get(prefix + other).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "2.root.json", "0.targets.json", "01.targets.json", "1.targets", "1.targets.json.json", "9999.snapshot.json",
        "1.released.json", "targets.json", "1.timestamp.json", "-1.targets.json", "1e3.targets.json", "٣.targets.json",
        "99999999999999999999.targets.json", "..%2f..%2fkeys%2fgate.pem", "%2e%2e", "..%5c..%5croadworthy.db", "%00",
        "1.targets.json%00", "1.root.json%2f..",
    ],
)  # fmt: skip
def test_files_that_are_not_there_are_404_and_no_path_leads_out(house: House, assigned, name):
    with house.statements() as sent:
        for path in (f"{assigned.uptane}/metadata/{name}", f"/uptane/image/metadata/{name}"):
            answer = assigned.get(path)
            if name == "1.released.json" and "/image/" in path:
                assert answer.status_code == 200
            else:
                assert answer.status_code == 404
                assert b"PRIVATE" not in answer.content
    assert writes(sent) == []


def test_until_the_log_has_the_assignment_the_car_is_told_to_come_back(house: House, car):
    first = timestamp(car)
    assert version_of(first) == 1
    house.ship(car)
    waiting = timestamp(car)
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "1")
    assert waiting.headers["content-type"] == "application/problem+json"
    folder, _, name = path_of(house).rpartition("/")
    target = f"/uptane/image/targets/{folder}/{house.release['package']['sha256']}.{name}"
    assert car.get(target).status_code == 404
    house.tick()
    assert version_of(timestamp(car)) == 2
    assert car.get(target).status_code == 200


def test_all_roles_of_a_car_carry_one_number_and_the_set_before_stays_for_a_client_in_between(house: House, car):
    number = version_of(timestamp(car))
    files = [f"{car.uptane}/metadata/{number}.{role}.json" for role in ("snapshot", "targets")]
    before = [car.get(path).raise_for_status() for path in files]
    assert {version_of(answer) for answer in before} == {number}
    assert before[1].json()["signed"]["custom"] == {"vin": car.vin}
    assert "immutable" in before[0].headers["cache-control"]
    house.ship(car)
    timestamp(car)
    house.tick()
    assert version_of(timestamp(car)) == number + 1
    assert [car.get(path).content for path in files] == [answer.content for answer in before]
    custom = car.get(f"{car.uptane}/metadata/{number + 1}.targets.json").json()["signed"]["custom"]
    assert custom["vin"] == car.vin
    assert custom["assignment"].startswith("ASG-")


def test_a_paused_campaign_empties_the_directors_targets_and_stops_the_bytes(house: House, car):
    campaign = house.ship(car)
    timestamp(car)
    house.tick()
    number = version_of(timestamp(car))
    assert car.get(f"{car.uptane}/metadata/{number}.targets.json").json()["signed"]["targets"]
    house.manage(campaign, "pause")
    folder, _, name = path_of(house).rpartition("/")
    target = f"/uptane/image/targets/{folder}/{house.release['package']['sha256']}.{name}"
    assert car.get(target).status_code == 404
    assert version_of(timestamp(car)) == number + 1
    assert car.get(f"{car.uptane}/metadata/{number + 1}.targets.json").json()["signed"]["targets"] == {}


def test_metadata_that_ends_with_a_short_lease_is_not_made_anew_at_every_poll(house: House, assigned):
    """A lease below six hours once made every poll a signature and a write."""
    with house.database.read() as view:
        offer = uptane.actions.current_offer(view, _vehicle(house, assigned))
    assert offer is not None
    assert offer.lease is not None
    end = offer.lease.not_after
    assert uptane._is_fresh(end.replace(microsecond=0), end - timedelta(hours=1), offer)
    assert not uptane._is_fresh(end - timedelta(hours=2), end - timedelta(hours=3), offer)
    assert not uptane._is_fresh(end, end, offer)


def _vehicle(house: House, car: Car):
    with house.database.read() as view:
        return store.load_vehicle(view, car.document["vehicle"])


def test_while_the_director_signer_is_away_the_car_is_told_to_come_back(house: House, car, monkeypatch, tmp_path):
    nobody = tmp_path / "run" / "director.sock"
    monkeypatch.setattr(DirectorSigner, "last_version", lambda _self, vin: call(nobody, {"last": vin}))
    answer = timestamp(car)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.json()["code"] == "signer.away"
