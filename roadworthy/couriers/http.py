"""An authority's API: `https:`. One request for one packet, under an idempotency key; what it answered is kept.

    POST  <url>          body: the packet's zip; headers Idempotency-Key: PKT-..., Packet-SHA256
          201 or 200     {"key": PKT, "sha256": of the zip, "receipt": text}
    GET   <url>/<key>    200 the same; 404 {"key": PKT, "known": false}

Once a request may have left this computer, only an answer that names key and bytes counts as received; anything else
is unknown, and is asked for. A redirect is not followed: it would submit elsewhere.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any, BinaryIO

import httpx

from roadworthy.couriers.archives import CHUNK
from roadworthy.couriers.interface import Evidence, Failed, Packet, Result, Sent, Told, Unsure
from roadworthy.couriers.packet import Bundle, bundled
from roadworthy.couriers.told import evidence_of
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import Time

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
MOST_ANSWER = 1 << 20

# Nothing of the request has left this computer.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_REFUSED = {400, 401, 403, 404, 405, 410, 411, 413, 415, 421, 422, 426}

_UNKNOWN = Text(
    "未收到答复, 不知对方是否已收到; 请向主管部门核实",
    "unknown: the answer was lost; check with the authority before sending again",
)
_NOT_THERE = Text("主管部门没有收到", "the authority has it not")


class HttpCourier:
    """Submits packets to an API."""

    repeatable = False  # that the other side heeds the key is its promise, not ours
    asks = True
    longest = timedelta(minutes=10)

    def __init__(self, url: str, time: Time, *, token: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """Submit to `url` (without a query), with a bearer `token` if there is one; `transport` is for tests."""
        self._url, self._time, self._transport = url.rstrip("/"), time, transport
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    @property
    def channel(self) -> str:
        """Give its address, without what may be secret in it."""
        parts = httpx.URL(self._url)
        return f"{parts.scheme}://{parts.host}{parts.path}"

    def send(self, packet: Packet, attempt: int) -> Result:
        """Submit once; whatever happens, this call does not try a second time."""
        with bundled(packet) as bundle:
            evidence = Evidence(
                self.channel,
                self._time.now(),
                sent_sha256=bundle.sha256,
                sent_length=bundle.length,
                message_id=packet.id,
            )
            headers = {
                "idempotency-key": packet.id,
                "packet-sha256": bundle.sha256,
                "packet-attempt": str(attempt),
                "content-type": "application/zip",
                "content-length": str(bundle.length),
            }
            try:
                status, answer = self._call("POST", self._url, headers, bundle.file)
            except _NOT_SENT as error:
                return Failed(evidence, _unreachable(error), again=True)
            except httpx.HTTPError:
                return Unsure(evidence, _UNKNOWN)
        return _judge(packet, bundle, _with_answer(evidence, answer), status, answer)

    def ask(self, packet: Packet) -> Result:
        """Ask for the packet by its key."""
        with bundled(packet) as bundle:
            evidence = Evidence(self.channel, self._time.now(), sent_sha256=bundle.sha256, message_id=packet.id)
            try:
                status, answer = self._call("GET", f"{self._url}/{packet.id}", {}, None)
            except httpx.HTTPError as error:
                return Unsure(evidence, _unreachable(error))
        evidence, told = _with_answer(evidence, answer), _parsed(answer)
        if status == httpx.codes.OK:
            return _received(packet, bundle, evidence, answer)
        if status == httpx.codes.NOT_FOUND and told.get("key") == packet.id and told.get("known") is False:
            return Failed(evidence, _NOT_THERE, again=True)
        return Unsure(evidence, _UNKNOWN)

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Take a person's word who checked with the authority. Raises Unusable."""
        return evidence_of(self.channel, packet, told)

    def _call(self, method: str, url: str, headers: dict[str, str], body: BinaryIO | None) -> tuple[int, bytes]:
        """Call once over a connection of its own: one that was kept might be half closed."""
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        content = None if body is None else _chunks(body)
        given = {**self._headers, **headers, "accept": "application/json"}
        with (
            httpx.Client(timeout=timeout, transport=self._transport, follow_redirects=False) as client,
            client.stream(method, url, headers=given, content=content) as answer,
        ):
            begins = bytearray()
            for chunk in answer.iter_bytes(CHUNK):
                begins += chunk[: MOST_ANSWER - len(begins)]
            return answer.status_code, bytes(begins)


def _chunks(body: BinaryIO) -> Iterator[bytes]:
    while chunk := body.read(CHUNK):
        yield chunk


def _judge(packet: Packet, bundle: Bundle, evidence: Evidence, status: int, answer: bytes) -> Result:
    if status in {httpx.codes.OK, httpx.codes.CREATED}:
        return _received(packet, bundle, evidence, answer)
    told = str(_parsed(answer).get("detail", ""))[:200]
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Failed(evidence, Text("对方暂不接收, 稍后重试", "the authority is busy; tried again later"), again=True)
    if status in _REFUSED:
        return Failed(
            evidence, Text(f"对方拒收 ({status}) {told}", f"the authority refused it ({status}) {told}".strip())
        )
    if httpx.codes.MULTIPLE_CHOICES <= status < httpx.codes.BAD_REQUEST:
        moved = Text("对方地址已变更, 请修改设置", "the authority's address has moved; correct it in the settings")
        return Failed(evidence, moved)
    return Unsure(evidence, _UNKNOWN)


def _received(packet: Packet, bundle: Bundle, evidence: Evidence, answer: bytes) -> Result:
    told = _parsed(answer)
    if told.get("key") != packet.id or told.get("sha256") != bundle.sha256:
        return Unsure(
            evidence, Text("答复与材料包不符, 请核实", "the answer is about something else; check with the authority")
        )
    receipt = told.get("receipt")
    kept = receipt[:120] if isinstance(receipt, str) and receipt.isprintable() else ""
    return Sent(Evidence(**{**vars(evidence), "receipt": kept}))


def _with_answer(evidence: Evidence, answer: bytes) -> Evidence:
    begins = answer[:8000].decode("utf-8", "replace")[:2000]
    return Evidence(**{**vars(evidence), "answer_sha256": sha256(answer).hexdigest(), "answer_begins": begins})


def _parsed(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unreachable(error: Exception) -> Text:
    told = type(error).__name__
    return Text(f"无法连接 ({told})", f"the authority cannot be reached ({told})")
