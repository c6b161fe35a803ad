"""A small world: both repositories built with tuf.api, a server that speaks the device door's paths, vehicles."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from urllib3 import PoolManager

from roadworthy.kernel.time import SystemTime
from roadworthy.vehicle.agent import Agent
from roadworthy.vehicle.fetcher import http_pool
from roadworthy.vehicle.provisioning import Provisioning, parse_provisioning

VIN, OTHER_VIN = "LSVAA4187E0000001", "LSVAA4187E0000002"
SERIAL, HARDWARE, PATH = "SN-0001", "adcu-hw3", "acme/adcu/4.2.1.img"
IMAGE = b"roadworthy image " * 300
DAY = timedelta(days=1)


@dataclass
class Sent:
    """One manifest the server got."""

    vin: str
    token: str
    body: dict[str, Any]

    @property
    def report(self) -> Any:
        return self.body["signed"]["installation_report"]

    def ecu(self, serial: str = SERIAL) -> dict[str, Any]:
        return self.body["signed"]["ecu_version_manifests"][serial]["signed"]


@dataclass
class World:
    """Both repositories and their keys, and what the server saw. Files are by path below /uptane/."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    manifests: list[Sent] = field(default_factory=list)
    keys: dict[str, CryptoSigner] = field(default_factory=dict)
    released: dict[str, TargetFile] = field(default_factory=dict)
    director_versions: dict[str, int] = field(default_factory=dict)
    image_version: int = 0

    def __post_init__(self) -> None:
        names = ("image-root", "image-targets", "image-online", "release", "gate", "director-root", "director-online")
        self.keys = {name: CryptoSigner.generate_ed25519() for name in names}
        self.image_root = self._root("image-root", targets="image-targets", online="image-online")
        self.director_root = self._root("director-root", targets="director-online", online="director-online")
        self.publish_images()

    def _root(self, own: str, *, targets: str, online: str, version: int = 1) -> bytes:
        root = Root(version=version, expires=SystemTime().now() + 365 * DAY, consistent_snapshot=True)
        for role, key in (("root", own), ("targets", targets), ("snapshot", online), ("timestamp", online)):
            root.add_key(self.keys[key].public_key, role)
        return self.signed(root, own)

    def signed(self, payload: Any, *keys: str) -> bytes:
        metadata = Metadata(payload)
        for key in keys:
            metadata.sign(self.keys[key], append=True)
        return metadata.to_bytes()

    def release(self, path: str = PATH, data: bytes = IMAGE, *, counter: int = 1, hardware: Any = (HARDWARE,), **how):
        """Put an image into the released role; `how` goes to publish_images."""
        target = target_file(path, data, {"hardwareIds": list(hardware), "releaseCounter": counter, "gate": ["GTE-1"]})
        self.released[path] = target
        folder, _, name = path.rpartition("/")
        self.files[f"image/targets/{folder}/{target.hashes['sha256']}.{name}"] = data
        self.publish_images(**how)

    def publish_images(self, signers=("release", "gate"), threshold: int = 2, top: Mapping | None = None, expires=DAY):
        self.image_version += 1
        version, soon = self.image_version, SystemTime().now() + expires
        two = {self.keys[name].public_key.keyid: self.keys[name].public_key for name in ("release", "gate")}
        role = DelegatedRole("released", list(two), threshold, terminating=True, paths=["*/*/*"])
        top_level = Targets(
            version, expires=soon, targets=dict(top or {}), delegations=Delegations(two, {"released": role})
        )
        released = Targets(version, expires=soon, targets=dict(self.released))
        meta = {"targets.json": MetaFile(version), "released.json": MetaFile(version)}
        self._write("image", version, soon, meta, "image-online")
        self.files["image/metadata/1.root.json"] = self.image_root
        self.files[f"image/metadata/{version}.targets.json"] = self.signed(top_level, "image-targets")
        self.files[f"image/metadata/{version}.released.json"] = self.signed(released, *signers)

    def assign(self, vin: str = VIN, path: str | None = PATH, data: bytes = IMAGE, *, counter: int = 1, **how) -> None:
        """Sign Director metadata: `path` (None: nothing) for the primary; `how` overrides single facts."""
        version = how.get("version", self.director_versions.get(vin, 0) + 1)
        self.director_versions[vin] = version
        soon = SystemTime().now() + how.get("expires", DAY)
        ecus = how.get("ecus", {how.get("serial", SERIAL): how.get("hardware", HARDWARE)})
        named = {serial: {"hardwareId": hardware, "releaseCounter": counter} for serial, hardware in ecus.items()}
        targets = {} if path is None else {path: target_file(path, data, {"ecuIdentifiers": named})}
        targets |= how.get("more", {})
        custom = {
            "vin": how.get("named_vin", vin),
            "correlationId": "urn:roadworthy:campaign:CMP-1",
            "gate": "GTE-1",
            "assignment": how.get("assignment", f"ASG-{version}"),
        }
        payload = Targets(version, expires=soon, targets=targets, unrecognized_fields={"custom": custom})
        payload.delegations = how.get("delegations")
        folder = f"vehicle/{vin}/director"
        self._write(folder, version, soon, {"targets.json": MetaFile(version)}, "director-online")
        self.files[f"{folder}/metadata/1.root.json"] = self.director_root
        self.files[f"{folder}/metadata/{version}.targets.json"] = self.signed(payload, "director-online")

    def _write(self, folder: str, version: int, soon: Any, meta: dict[str, MetaFile], key: str) -> None:
        snapshot = self.signed(Snapshot(version, expires=soon, meta=meta), key)
        info = MetaFile(version, len(snapshot), {"sha256": sha256(snapshot).hexdigest()})
        self.files[f"{folder}/metadata/{version}.snapshot.json"] = snapshot
        timestamp = Timestamp(version, expires=soon, snapshot_meta=info)
        self.files[f"{folder}/metadata/timestamp.json"] = self.signed(timestamp, key)

    def document(self, vin: str = VIN, *, second_ecu: bool = False, token: str = "t-1") -> dict[str, Any]:
        """Give a provisioning document; the seed of an ECU's key is the SHA-256 of its serial."""
        serials = {SERIAL: HARDWARE} | ({"SN-0002": "brake-hw1"} if second_ecu else {})
        ecus = [
            {
                "serial": serial,
                "hardware_id": hardware,
                "primary": serial == SERIAL,
                "private_key": sha256(serial.encode()).hexdigest(),
            }
            for serial, hardware in serials.items()
        ]
        return {
            "vin": vin,
            "vehicle": "VEH-1",
            "server": self.url,
            "token": token,
            "ecus": ecus,
            "image_root": self.image_root.decode(),
            "director_root": self.director_root.decode(),
            "log_vkey": "roadworthy+00000000+AAAA",
        }

    def vehicle(self, vin: str = VIN, **how: Any) -> Provisioning:
        return parse_provisioning(self.document(vin, **how))

    def answer(self, method: str, path: str, body: bytes, token: str) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(f"{method} {path}")
        if path in self.answers:
            return self.answers[path]
        if not token.startswith("TargetToken t-"):
            return 401, {}, b'{"detail":"wrong token"}'
        if method == "PUT":
            self.manifests.append(Sent(path.split("/")[1], token.removeprefix("TargetToken "), json.loads(body)))
            return 204, {}, b""
        found = self.files.get(path)
        return (404, {}, b'{"detail":"no such file"}') if found is None else (200, {}, found)


def target_file(path: str, data: bytes, custom: Any) -> TargetFile:
    return TargetFile(len(data), {"sha256": sha256(data).hexdigest()}, path, {"custom": custom})


def handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 30

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "")
            status, headers, out = world.answer(self.command, self.path.removeprefix("/uptane/"), body, token)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(out))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if status != 204:
                self.wfile.write(out)

        do_GET = do_PUT = _serve  # noqa: N815 - names given by http.server

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(world))
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield world
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pool(world: World) -> Iterator[PoolManager]:
    pool = http_pool(4)
    yield pool
    pool.clear()


@pytest.fixture
def agent(world: World, pool: PoolManager, tmp_path: Path) -> Agent:
    """The vehicle VIN, fresh from the plant."""
    return Agent(world.vehicle(), tmp_path / VIN, pool=pool)
