"""A mailbox: `mailto:` and `smtp:`. One message per packet, whose Message-ID follows from the packet (RFC 5322, 5321).

Whoever gets a message twice sees it by its Message-ID, and byte by byte. A server has a message from its answer to the
end of the data on: what goes wrong before is surely not sent, what is lost in that moment is unknown.
"""

import base64
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO

from roadworthy.couriers.interface import Evidence, Failed, Packet, PktId, Result, Sent, Told, Unsure
from roadworthy.couriers.names import distinct
from roadworthy.couriers.packet import CHECKLIST, MANIFEST, checklist_text, pieces
from roadworthy.couriers.told import evidence_of
from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import canonical
from roadworthy.kernel.time import Time

SECONDS = 60.0
END_SECONDS = 600.0  # RFC 5321, 4.5.3.2.6: a server may look through the whole message before it answers
_LINE = 57 * 1024  # base64 of 57 bytes is a line of 76; so many lines at once
_CHUNK = 64 * 1024
_PERMANENT = 500

_UNKNOWN = Text(
    "服务器未答复, 不知邮件是否已发出; 请向主管部门核实",
    "unknown: the mail server's answer was lost; check with the authority before sending again",
)
_UNASKED = Text("邮箱无法查询, 请向主管部门核实", "a mailbox cannot be asked; check with the authority")


@dataclass(frozen=True)
class MailServer:
    """A mail server of the company. `tls` is implicit, starttls or none (a server on this computer only)."""

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    password: str = ""


class MailCourier:
    """Sends packets as mail."""

    repeatable = False
    asks = False
    longest = timedelta(minutes=30)

    def __init__(self, server: MailServer, to: tuple[str, ...], time: Time) -> None:
        """Send from `server` to the addresses `to`."""
        self._server, self._to, self._time = server, to, time

    @property
    def channel(self) -> str:
        """Give its kind and the receivers."""
        return f"mailto:{','.join(self._to)}"

    def send(self, packet: Packet, attempt: int) -> Result:  # noqa: ARG002 - each attempt is the same message
        """Send the message once."""
        message_id = message_id_of(packet.id, self._server.sender)
        with _written(packet, self._server.sender, self._to) as (file, digest, length):
            evidence = Evidence(
                self.channel, self._time.now(), sent_sha256=digest, sent_length=length, message_id=message_id
            )
            try:
                smtp = self._connected()
            except (OSError, smtplib.SMTPException) as error:
                return _not_sent(evidence, error)
            try:
                return self._deliver(smtp, file, length, evidence)
            finally:
                smtp.close()

    def ask(self, packet: Packet) -> Result:
        """Say that a mailbox cannot be asked."""
        message_id = message_id_of(packet.id, self._server.sender)
        return Unsure(Evidence(self.channel, self._time.now(), message_id=message_id), _UNASKED)

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Take a person's word who checked with the authority. Raises Unusable."""
        return evidence_of(self.channel, packet, told)

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "implicit":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=SECONDS, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
            smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _deliver(self, smtp: smtplib.SMTP, file: BinaryIO, length: int, evidence: Evidence) -> Result:
        try:
            self._announce(smtp, length)
            while chunk := file.read(_CHUNK):
                _socket(smtp).sendall(chunk)
        except (OSError, smtplib.SMTPException) as error:
            return _not_sent(evidence, error)
        try:
            # From the first byte of the end mark on, the server may have it.
            _socket(smtp).settimeout(END_SECONDS)
            _socket(smtp).sendall(b".\r\n")
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            return Unsure(evidence, _UNKNOWN)
        told = f"{code} {answer.decode('utf-8', 'replace')}"
        evidence = replace(
            evidence, answer_begins=told[:2000], answer_sha256=sha256(b"%d %b" % (code, answer)).hexdigest()
        )
        if code == 250:
            return Sent(evidence)
        refused = Text(f"邮件服务器拒收: {told[:200]}", f"the mail server refused it: {told[:200]}")
        return Failed(evidence, refused, again=code < _PERMANENT)

    def _announce(self, smtp: smtplib.SMTP, length: int) -> None:
        """Say whom it is for and begin the data. Raises SMTPResponseException before anything counts."""
        most = smtp.esmtp_features.get("size", "")
        if most.isdigit() and 0 < int(most) < length:
            told = f"the message has {length} bytes, the mailbox takes {most}; send it on paper or in parts"
            raise smtplib.SMTPResponseException(552, told)
        options = [f"SIZE={length}"] if "size" in smtp.esmtp_features else []
        _expect(smtp.mail(self._server.sender, options), {250})
        for one in self._to:
            _expect(smtp.rcpt(one), {250, 251})
        _expect(smtp.docmd("DATA"), {354})


def message_id_of(packet_id: PktId, sender: str) -> str:
    """Give the Message-ID of a packet: the same at every attempt, from every process."""
    return f"<{packet_id.lower()}@{sender.rpartition('@')[2]}>"


def _expect(answer: tuple[int, bytes], good: set[int]) -> None:
    if answer[0] not in good:
        raise smtplib.SMTPResponseException(*answer)


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("the mail server closed the connection")
    return smtp.sock


def _not_sent(evidence: Evidence, error: Exception) -> Failed:
    again, told = True, type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        told = f"{error.smtp_code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}"[:300]
        again = error.smtp_code < _PERMANENT
    elif isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        again = False  # a certificate or a server that must be put right
    reason = Text(f"邮件未发出: {told}", f"the mail was not sent: {told}")
    return Failed(evidence, reason, again=again)


@contextmanager
def _written(packet: Packet, sender: str, to: tuple[str, ...]) -> Iterator[tuple[BinaryIO, str, int]]:
    """Write the message into a file, in pieces; give it with SHA-256 and length. No line of it begins with a dot."""
    with TemporaryFile() as file:
        digest, length = sha256(), 0
        for piece in _message(packet, sender, to):
            digest.update(piece)
            length += len(piece)
            file.write(piece)
        file.seek(0)
        yield file, digest.hexdigest(), length


def _message(packet: Packet, sender: str, to: tuple[str, ...]) -> Iterator[bytes]:
    boundary = f"packet-{packet.digest[:48]}"  # no base64 has a hyphen
    head = MIMEPart(policy=SMTP)
    head["From"], head["To"], head["Subject"] = sender, ", ".join(to), packet.title
    head["Date"] = format_datetime(_moment(packet.id))
    head["Message-ID"] = message_id_of(packet.id, sender)
    head["MIME-Version"] = "1.0"
    # The policy would fold a long boundary in a way that few programs read.
    yield bytes(head)[:-2] + f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}\r\n".encode()
    texts = (
        ("", "text/plain; charset=utf-8", checklist_text(packet).encode()),
        (MANIFEST, "application/json", canonical(dict(packet.manifest))),
        (CHECKLIST, "text/plain; charset=utf-8", checklist_text(packet).encode()),
    )
    for name, kind, text in texts:
        yield mark + _part_head(name, kind)
        yield from _lines(iter([text]))
    for name, one in zip(distinct(one.name for one in packet.files), packet.files, strict=True):
        yield mark + _part_head(name, one.media_type)
        yield from _lines(pieces(one))
    yield f"--{boundary}--\r\n".encode()


def _part_head(name: str, kind: str) -> bytes:
    head = MIMEPart(policy=SMTP)
    head["Content-Type"] = kind
    head["Content-Transfer-Encoding"] = "base64"
    if name:
        head.add_header("Content-Disposition", "attachment", filename=name)
    return bytes(head)


def _lines(given: Iterator[bytes]) -> Iterator[bytes]:
    """Give base64 in lines of 76 characters."""
    rest = b""
    for piece in given:
        rest += piece
        whole = len(rest) // _LINE * _LINE
        if whole:
            yield base64.encodebytes(rest[:whole]).replace(b"\n", b"\r\n")
            rest = rest[whole:]
    if rest:
        yield base64.encodebytes(rest).replace(b"\n", b"\r\n")


def _moment(packet_id: PktId) -> datetime:
    """Give the instant that a packet's id carries, in whole seconds; so every attempt has the same date."""
    number = 0
    for letter in packet_id.partition("-")[2]:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    return datetime.fromtimestamp((number >> 80) // 1000, UTC)
