"""Delivering messages: at least once, under the same key, and a deaf receiver holds up nobody."""

import json
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from roadworthy.clocks import actions
from roadworthy.clocks.delivery import BATCH, LEASE, WEBHOOK_SECONDS, Deliverer, Inbox, NotDelivered, Webhook
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import messages, notice
from roadworthy.kernel.errors import NotPermitted
from tests.clocks.plans import begin, messages_of, plan
from tests.conftest import START

ROLES = ("compliance_officer", "auditor")


class Receiver:
    """Notes what it gets; fails while it is told to."""

    name = "receiver"

    def __init__(self) -> None:
        self.got: list[str] = []
        self.failing = False

    def deliver(self, message):
        self.got.append(message.dedupe_key)
        if self.failing:
            raise NotDelivered("no paper")


@pytest.fixture
def fired(database, time):
    """One message that waits."""
    clock = begin(database, plan(START, hours=1, kinds=["due"], roles=ROLES))
    time.advance(hours=1)
    assert Poller(database).tick() == 1
    return f"{clock}:due"


def notices(database):
    with database.read() as view:
        return list(view.all(select(notice).order_by(notice.c.role)))


def test_a_message_becomes_a_notice_for_each_role_and_is_delivered_once(database, fired):
    deliverer = Deliverer(database, [Inbox(database)])
    assert (deliverer.tick(), deliverer.tick()) == (1, 0)
    assert [(one.role, one.dedupe_key) for one in notices(database)] == [(r, fired) for r in sorted(ROLES)]
    (line,) = messages_of(database)
    assert (line.attempts, line.last_error, line.delivered_at) == (1, None, START + timedelta(hours=1))


def test_what_was_shown_is_not_shown_again(database, fired, time):
    with database.begin(actions.ACTOR) as work:
        (message,) = messages.claim(work, 9, LEASE)
    for _ in range(2):
        Inbox(database).deliver(message)
    assert len(notices(database)) == 2


def test_a_message_whose_deliverer_died_is_tried_again_after_the_lease(database, fired, time):
    with database.begin(actions.ACTOR) as work:
        messages.claim(work, BATCH, LEASE)  # and it dies
    receiver = Receiver()
    deliverer = Deliverer(database, [receiver])
    assert deliverer.tick() == 0
    time.advance(seconds=LEASE.total_seconds())
    assert deliverer.tick() == 1
    assert (receiver.got, messages_of(database)[0].attempts) == ([fired], 2)


def test_a_whole_batch_fits_into_a_lease():
    assert LEASE.total_seconds() > BATCH * WEBHOOK_SECONDS


def test_a_failed_message_waits_longer_each_time_and_says_why(database, fired, time):
    receiver = Receiver()
    receiver.failing = True
    deliverer, pauses = Deliverer(database, [Inbox(database), receiver]), []
    for _ in range(11):
        assert deliverer.tick() == 1
        (line,) = messages_of(database)
        assert (line.last_error, line.delivered_at) == ("receiver: no paper", None)
        pauses.append((line.next_attempt_at - time.now()).total_seconds())
        time.advance(seconds=pauses[-1] - 0.001)
        assert deliverer.tick() == 0
        time.advance(seconds=0.001)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    receiver.failing = False
    deliverer.tick()
    assert set(receiver.got) == {fired}
    assert messages_of(database)[0].delivered_at == time.now()
    assert len(notices(database)) == 2


class Network:
    """Answers posts with `status`, or not at all."""

    def __init__(self) -> None:
        self.status, self.requests = 200, []

    def __call__(self, request):
        self.requests.append(request)
        if not self.status:
            raise httpx.ConnectTimeout("slow")
        return httpx.Response(self.status)


def test_a_webhook_gets_ids_and_the_key_of_the_message(database, fired, time):
    network = Network()
    webhook = Webhook("https://chat.example/hook?secret=1", time, httpx.MockTransport(network))
    Deliverer(database, [webhook]).tick()
    (request,) = network.requests
    body = json.loads(request.content)
    assert request.headers["Idempotency-Key"] == body["dedupe_key"] == fired
    assert (body["topic"], body["roles"], body["payload"]["duty"]) == ("clock.due", list(ROLES), "EIDC22-4c")


@pytest.mark.parametrize(("status", "told"), [(0, "ConnectTimeout"), (500, "500"), (302, "302"), (404, "404")])
def test_a_deaf_receiver_is_left_alone_and_its_address_kept_secret(database, fired, time, status, told):
    network = Network()
    network.status = status
    for n in range(3):
        begin(database, plan(START, hours=1, kinds=["due"], subject=f"CMP-1{n}"))
    Poller(database).tick()
    webhook = Webhook("https://chat.example/hook?secret=1", time, httpx.MockTransport(network))
    deliverer = Deliverer(database, [Inbox(database), webhook])
    assert deliverer.tick() == 4
    assert len(network.requests) == 1  # the others need not wait for it too
    assert len(notices(database)) == 5  # and people know all the same
    errors = [line.last_error for line in messages_of(database)]
    assert any(told in error for error in errors)
    assert not any("secret" in error for error in errors)
    network.status = 204
    time.advance(seconds=1)
    assert deliverer.tick() == 4
    assert all(line.delivered_at for line in messages_of(database))


def test_a_notice_is_seen_by_a_holder_of_its_role_and_the_first_stays(database, fired, time, person):
    Deliverer(database, [Inbox(database)]).tick()
    auditor, other = person("auditor"), person("auditor")
    (mine,) = [one for one in notices(database) if one.role == "auditor"]
    with pytest.raises(NotPermitted):
        actions.see(database, person("release_manager"), mine.id)
    for reader in (auditor, other):
        assert actions.see(database, reader, mine.id).seen_by == auditor.id
