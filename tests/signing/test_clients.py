"""Two third-party clients, unmodified, against what we publish: python-tuf's ngclient and npm's tuf-js."""

import json
import re
import subprocess
import threading
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater

from roadworthy.kernel.time import SystemTime
from roadworthy.signing.director_repository import make_bundle
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import EcuTarget, ImageSet, VehicleOrder, VehicleTarget, file_name
from roadworthy.signing.roots import director_roles, make_root
from tests.signing.logbook import IMAGE, PATH, SHA256, VIN
from tests.signing.node import FOLDER, install_tufjs
from tests.signing.world import ImageWorld


@dataclass
class Outcome:
    """What a client says: the bytes it accepted, or why it refused."""

    image: bytes | None
    reason: str = ""


class Shop:
    """Serves an image set and the image on 127.0.0.1, and remembers what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                shop.asked.append(self.path)
                content = shop.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *parts):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def show(self, images: ImageSet, image: bytes = IMAGE) -> None:
        folder, name = PATH.rsplit("/", 1)
        self.files = {f"/metadata/{name}": content for name, content in images.files().items()}
        self.files[f"/targets/{folder}/{SHA256}.{name}"] = image
        self.asked.clear()

    @property
    def image_was_asked_for(self) -> bool:
        return any(path.startswith("/targets/") for path in self.asked)


@pytest.fixture
def shop():
    made = Shop()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def python_tuf(shop: Shop, folder: Path, root: bytes) -> Outcome:
    metadata, images = folder / "metadata", folder / "images"
    metadata.mkdir(exist_ok=True)
    images.mkdir(exist_ok=True)
    try:
        updater = Updater(str(metadata), f"{shop.url}/metadata/", str(images), f"{shop.url}/targets/", bootstrap=root)
        updater.refresh()
        found = updater.get_targetinfo(PATH)
        if found is None:
            return Outcome(None, "not found")
        return Outcome(Path(updater.download_target(found)).read_bytes())
    except (RepositoryError, DownloadError) as error:
        return Outcome(None, str(error))


def tuf_js(shop: Shop, folder: Path, root: bytes) -> Outcome:
    if not (folder / "root.json").exists():
        (folder / "root.json").write_bytes(root)
    command = [*install_tufjs(), str(FOLDER / "client.mjs"), f"{shop.url}/metadata", f"{shop.url}/targets"]
    done = subprocess.run([*command, str(folder), PATH], capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(done.stdout)
    if "file" in told:
        return Outcome(Path(told["file"]).read_bytes())
    return Outcome(None, f"{told['refused']}: {told['because']}")


@pytest.fixture(params=[python_tuf, tuf_js], ids=["python-tuf", "tuf-js"])
def client(request, shop, tmp_path):
    def fetch(world: ImageWorld) -> Outcome:
        return request.param(shop, tmp_path, world.make_root())

    return fetch


@pytest.fixture
def world():
    return ImageWorld(SystemTime().now())


def test_an_image_with_both_signatures_is_accepted(shop, client, world):
    shop.show(world.first())
    assert client(world).image == IMAGE


@pytest.mark.parametrize("signer", ["release", "gate"])
def test_the_same_image_with_one_signature_is_refused_and_not_even_fetched(shop, client, world, signer):
    shop.show(world.first(world.make_released(signers=[getattr(world, signer)])))
    outcome = client(world)
    assert outcome.image is None
    assert "released was signed by 1/2 keys" in outcome.reason
    assert not shop.image_was_asked_for


def test_a_tampered_image_is_refused(shop, client, world):
    shop.show(world.first(), image=IMAGE[:-1] + b"!")
    outcome = client(world)
    assert outcome.image is None
    assert re.search("hash", outcome.reason, re.IGNORECASE)


def test_an_expired_clearance_is_refused(shop, client, world):
    shop.show(world.first(world.make_released(life=timedelta(hours=-1))))
    outcome = client(world)
    assert outcome.image is None
    assert "expired" in outcome.reason
    assert not shop.image_was_asked_for


def test_a_withdrawn_image_is_gone_at_once(shop, client, world):
    first = world.first()
    shop.show(first)
    assert client(world).image == IMAGE
    shop.show(world.next(first, released=world.make_released(2, targets=())))
    outcome = client(world)
    assert (outcome.image, outcome.reason.lower().replace("notfound: no " + PATH, "not found")) == (None, "not found")


def test_an_older_version_is_refused_after_a_newer_one(shop, client, world):
    first = world.first()
    shop.show(world.next(first, released=world.make_released(2)))
    assert client(world).image == IMAGE
    shop.show(first)
    outcome = client(world)
    assert outcome.image is None
    assert re.search("version", outcome.reason, re.IGNORECASE)


@pytest.fixture
def director(shop, world, request):
    """Serve one vehicle's Director files, signed by `request.param` or the director key, and give their root."""
    online, root_key = SigningKey.generate("director-online"), SigningKey.generate("director-root")
    roles = director_roles(root_key.public_key, online.public_key)
    root = make_root(1, world.now + timedelta(days=365), roles, [root_key])
    signer = SigningKey.generate("thief") if request.param == "thief" else online
    target = VehicleTarget(SHA256, len(IMAGE), {"SN000000001": EcuTarget("adcu-hw3", 42)})
    bundle = make_bundle(VehicleOrder(VIN, 7, world.now + timedelta(hours=1), {PATH: target}, {}), signer)
    shop.show(world.first())
    for name in [name for name in shop.files if name.startswith("/metadata/")]:
        del shop.files[name]
    for role in ("targets", "snapshot", "timestamp"):
        shop.files[f"/metadata/{file_name(role, 7)}"] = getattr(bundle, role)
    return root


@pytest.mark.parametrize("fetch", [python_tuf, tuf_js], ids=["python-tuf", "tuf-js"])
@pytest.mark.parametrize(("director", "accepted"), [("director", True), ("thief", False)], indirect=["director"])
def test_a_vehicle_accepts_its_order_from_the_director_key_only(shop, tmp_path, director, accepted, fetch):
    assert (fetch(shop, tmp_path, director).image == IMAGE) is accepted


def test_no_host_name_stands_in_the_lock_file():
    assert "://" not in (FOLDER / "package-lock.json").read_text()
