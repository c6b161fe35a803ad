"""Mail: the same message at every attempt, honest about what a server has."""

import email
import socket
import tracemalloc
from email import policy

import pytest

from roadworthy.couriers.interface import Failed, Sent, Unsure
from roadworthy.couriers.mailbox import MailCourier, MailServer, message_id_of
from roadworthy.couriers.packet import Contents, Stored, build
from roadworthy.kernel.time import SetTime
from tests.conftest import START
from tests.couriers.smtp import mail_server
from tests.couriers.world import packet

TO = ("vrecall@authority.example",)


@pytest.fixture
def post():
    with mail_server() as running:
        yield running


def courier(post, *to: str) -> MailCourier:
    server = MailServer("127.0.0.1", post.port, "filing@qilin.example", tls="none")
    return MailCourier(server, to or TO, SetTime(START))


def test_a_packet_arrives_with_all_its_files(shelf, post):
    made = packet(shelf, title="升级活动备案 2026")
    sent = courier(post).send(made, 1)
    assert isinstance(sent, Sent)
    assert sent.evidence.message_id == message_id_of(made.id, "filing@qilin.example")
    assert sent.evidence.answer_begins == "250 queued as 4711"
    assert sent.evidence.channel == "mailto:vrecall@authority.example"
    got = email.message_from_bytes(post.taken[0], policy=policy.default)
    assert got["Subject"] == "升级活动备案 2026"
    assert got["To"] == TO[0]
    assert got["Message-ID"] == sent.evidence.message_id
    attached = {part.get_filename(): part.get_content() for part in got.iter_attachments() if part.get_filename()}
    assert set(attached) == {"manifest.json", "checklist.txt", *(one.name.rpartition("/")[2] for one in made.files)}
    assert attached["升级活动备案表.pdf"] == made.files[0].opener().read()
    assert attached["photo.png"] == made.files[3].opener().read()
    assert not got.defects


def test_a_repetition_is_the_same_message_byte_by_byte(shelf, post):
    made = packet(shelf)
    first, again = courier(post).send(made, 1), courier(post).send(made, 2)
    assert post.taken[0] == post.taken[1]
    assert first.evidence.sent_sha256 == again.evidence.sent_sha256
    assert first.evidence.sent_length == len(post.taken[0])


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_what_breaks_before_the_end_of_the_data_was_surely_not_sent(shelf, post, step):
    post.fail = (step, "")
    failed = courier(post).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.again
    assert post.taken == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("answer", "again"), [("451 later", True), ("550 no", False)])
def test_a_refusal_says_whether_to_try_again(shelf, post, step, answer, again):
    post.fail = (step, answer)
    failed = courier(post).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.again is again
    assert answer in failed.reason.en
    assert post.taken == []


@pytest.mark.parametrize("step", [".", "taken"])
def test_an_answer_lost_at_the_end_of_the_data_leaves_it_unknown(shelf, post, step):
    post.fail = (step, "")
    unsure = courier(post).send(packet(shelf), 1)
    assert isinstance(unsure, Unsure)
    assert "check with the authority" in unsure.reason.en
    assert len(post.taken) == (step == "taken")


def test_one_refused_receiver_of_several_stops_the_whole(shelf, post):
    post.fail = ("RCPT", "550 unknown")
    assert isinstance(courier(post, "a@b.example", "c@d.example").send(packet(shelf), 1), Failed)
    assert post.taken == []


def test_a_message_too_large_for_the_mailbox_is_not_begun(shelf, post):
    post.size = 1000
    failed = courier(post).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert not failed.again
    assert "send it on paper" in failed.reason.en
    assert post.senders == []


def test_no_server_is_surely_not_sent(shelf, post):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        post.port = free.getsockname()[1]
    failed = courier(post).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.again


def test_a_server_without_starttls_gets_nothing(shelf, post):
    safe = MailCourier(MailServer("127.0.0.1", post.port, "a@b.example"), TO, SetTime(START))
    failed = safe.send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert not failed.again
    assert post.senders == []


def test_a_mailbox_cannot_be_asked(shelf, post):
    assert isinstance(courier(post).ask(packet(shelf)), Unsure)


def test_a_large_scan_is_never_whole_in_memory(shelf, post, tmp_path):
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7\n" + b"\0" * (30 << 20) + b"%%EOF")
    post.fail = ("body", "")
    made = build(
        packet(shelf).id, "SAMR", "samr_record", "t", Contents(attachments=[Stored("s.pdf", digest_of(scan))]),
        lambda _: scan.open("rb"),
    )  # fmt: skip
    tracemalloc.start()
    failed = courier(post).send(made, 1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    assert isinstance(failed, Failed), "it broke in the middle of the data"


def digest_of(path) -> str:
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
