"""A dispatch walks its life cycle; doubt is never ended by sending again in silence."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.couriers import actions, rules, store
from roadworthy.couriers.actions import OnItsWay, OtherPacket
from roadworthy.couriers.interface import Evidence, Failed, Handed, PacketUnreadable, PktId, Told, Unsure
from roadworthy.couriers.outgoing import ACTOR, MARGIN, Dispatcher
from roadworthy.database.schema import event
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, NotPermitted, Unusable
from roadworthy.kernel.lifecycle import WrongState
from tests.couriers.lines import Say, paper_of, queue, sent
from tests.couriers.world import ROOM, packet

WHY = Text("原因", "why")


@pytest.fixture
def made(shelf):
    return packet(shelf)


def unsure(time):
    return Unsure(Evidence("say:", time.now()), WHY)


def failed(time, *, again: bool = False, wait: int = 0):
    return Failed(Evidence("say:", time.now()), WHY, again, timedelta(seconds=wait))


def dispatcher(database, shelf, courier) -> Dispatcher:
    return Dispatcher(database, shelf.open, {"say": courier})


def standing(database, made):
    with database.read() as view:
        return store.load(view, made.id)


def kinds(database, made) -> list[str]:
    with database.read() as view:
        query = select(event.c.kind).where(event.c.subject == made.id).order_by(event.c.seq)
        return [row.kind.removeprefix("dispatch.") for row in view.all(query)]


def test_what_waits_is_sent_and_its_evidence_kept(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([sent(time)])
    assert dispatcher(database, shelf, courier).tick() == 1
    found = standing(database, made)
    assert (found.status, found.receipt, found.attempt) == ("sent", "R-1", 1)
    assert kinds(database, made) == ["queued", "claimed", "sent"]
    assert dispatcher(database, shelf, courier).tick() == 0


def test_a_person_goes_on_from_paper(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([Handed(Evidence("say:", time.now(), sent_sha256="1" * 64))])
    dispatcher(database, shelf, courier).tick()
    assert standing(database, made).status == "handed"
    time.advance(days=3)
    assert dispatcher(database, shelf, courier).tick() == 0
    told = Told(time.now(), note="at the counter")
    assert actions.confirm(database, courier, shelf.open, ROOM, made.id, told).status == "sent"
    assert kinds(database, made)[-1] == "confirmed"


def test_what_is_unsure_is_not_sent_again_however_long_one_waits(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([unsure(time)])
    for _ in range(20):
        dispatcher(database, shelf, courier).tick()
        time.advance(days=1)
    assert courier.calls == ["send 1"]
    found = standing(database, made)
    assert (found.status, found.next_at, found.reason["en"]) == ("unsure", None, "why")
    with database.read() as view:
        assert [one.code for one in actions.health(view, ["say"])] == ["dispatch.unsure"]


def test_asking_settles_it_either_way(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([unsure(time), unsure(time), failed(time), sent(time)], asks=True)
    here = dispatcher(database, shelf, courier)
    here.tick()
    assert here.tick() == 0, "a request may still be on its way"
    time.advance(seconds=30)
    here.tick()
    time.advance(seconds=30)
    here.tick()
    assert courier.calls == ["send 1", "ask"], "it asks less and less often"
    time.advance(seconds=30)
    here.tick()
    assert standing(database, made).status == "waiting"
    here.tick()
    assert courier.calls == ["send 1", "ask", "ask", "send 2"]
    assert kinds(database, made) == ["queued", "claimed", "doubted", "asked", "missed", "claimed", "sent"]


def test_asking_may_find_it(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([unsure(time), sent(time, "R-9")], asks=True)
    dispatcher(database, shelf, courier).tick()
    time.advance(minutes=1)
    dispatcher(database, shelf, courier).tick()
    assert standing(database, made).receipt == "R-9"
    assert kinds(database, made)[-1] == "found"


def test_a_person_who_checked_confirms_it_or_sends_it_again(database, shelf, time):
    made, other = packet(shelf), packet(shelf)
    courier = Say([unsure(time), unsure(time), sent(time)])
    for one in (made, other):
        queue(database, one, "say")
    dispatcher(database, shelf, courier).tick()
    with pytest.raises(WrongState):
        actions.cancel(database, ROOM, made.id, "no longer needed")
    told = Told(time.now(), "R-2", "R-2")
    assert actions.confirm(database, courier, shelf.open, ROOM, made.id, told).receipt == "R-2"
    assert actions.resend(database, ROOM, other.id, "Ms Li says it is not there").status == "waiting"
    dispatcher(database, shelf, courier).tick()
    assert standing(database, other).status == "sent"
    assert courier.calls == ["send 1", "send 1", "send 2"]


def test_what_surely_failed_is_tried_again_less_and_less_often_and_then_a_person_looks(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([failed(time, again=True)] * rules.MOST_ATTEMPTS)
    pauses = []
    while standing(database, made).status == "waiting":
        dispatcher(database, shelf, courier).tick()
        if (next_at := standing(database, made).next_at) is not None:
            pauses.append((next_at - time.now()).total_seconds())
            time.advance(seconds=pauses[-1])
    assert pauses[:4] == [5, 10, 20, 40]
    assert max(pauses) == 1800
    assert len(courier.calls) == rules.MOST_ATTEMPTS
    assert standing(database, made).status == "failed"
    assert actions.cancel(database, ROOM, made.id, "sent by hand").status == "cancelled"


def test_a_channel_may_ask_for_patience(database, shelf, made, time):
    queue(database, made, "say")
    dispatcher(database, shelf, Say([failed(time, again=True, wait=600)])).tick()
    assert standing(database, made).next_at == time.now() + timedelta(seconds=600)


def test_what_cannot_be_read_is_not_sent_and_a_courier_that_fails_leaves_doubt(database, shelf, time):
    lost, broken, again = packet(shelf), packet(shelf), packet(shelf)
    for one, courier, status in (
        (lost, Say([PacketUnreadable("form.pdf is gone.")]), "failed"),
        (broken, Say([OSError("no route")]), "unsure"),
        (again, Say([OSError("no route")], repeatable=True), "waiting"),
    ):
        queue(database, one, "say")
        dispatcher(database, shelf, courier).tick()
        assert standing(database, one).status == status


@pytest.mark.parametrize(("repeatable", "status"), [(True, "waiting"), (False, "unsure")])
def test_a_call_that_nobody_heard_of_again_is_lost_after_its_lease(database, shelf, made, time, repeatable, status):
    queue(database, made, "say")
    dead, courier = dispatcher(database, shelf, Say([])), Say([], repeatable=repeatable)
    assert dead._claim().id == made.id
    dispatcher(database, shelf, courier).tick()
    assert standing(database, made).status == "sending"
    time.advance(seconds=(courier.longest + MARGIN).total_seconds())
    dispatcher(database, shelf, courier)._take_for_lost(10)
    assert standing(database, made).status == status
    assert courier.calls == []


def test_an_answer_that_comes_late_is_not_lost(database, shelf, made, time):
    queue(database, made, "say")
    slow, other = dispatcher(database, shelf, Say([sent(time, "LATE")])), dispatcher(database, shelf, Say([]))
    claimed = slow._claim()
    time.advance(hours=1)
    other.tick()
    assert standing(database, made).status == "unsure"
    slow._unwritten.append(answer(slow, claimed))
    slow.tick()
    assert (standing(database, made).status, standing(database, made).receipt) == ("sent", "LATE")


def test_an_answer_that_comes_when_a_person_sent_it_again_is_recorded(database, shelf, made, time):
    queue(database, made, "say")
    slow, other = dispatcher(database, shelf, Say([sent(time, "LATE")])), dispatcher(database, shelf, Say([sent(time)]))
    claimed = slow._claim()
    time.advance(hours=1)
    other._take_for_lost(10)
    actions.resend(database, ROOM, made.id, "they say it is not there")
    other.tick()
    slow._unwritten.append(answer(slow, claimed))
    slow.tick()
    assert standing(database, made).receipt == "R-1"
    assert kinds(database, made)[-1] == "answered_late"


def answer(here, claimed):
    from roadworthy.couriers.outgoing import Answer

    return Answer(claimed, here._call(claimed))


def test_two_workers_share_what_waits(database, shelf, time):
    made = [packet(shelf) for _ in range(4)]
    for one in made:
        queue(database, one, "say")
    couriers = [Say([sent(time)] * 4), Say([sent(time)] * 4)]
    workers = [dispatcher(database, shelf, one) for one in couriers]
    while any(worker.tick(1) for worker in workers):
        pass
    assert len(couriers[0].calls) + len(couriers[1].calls) == 4
    assert all(standing(database, one).status == "sent" for one in made)


def test_the_same_packet_is_queued_once_and_another_of_its_id_is_refused(database, shelf, made):
    for _ in range(2):
        queue(database, made, "say")
    assert kinds(database, made) == ["queued"]
    with pytest.raises(OtherPacket):
        queue(database, packet(shelf, title="other", packet_id=made.id), "say")
    with pytest.raises(OtherPacket):
        queue(database, made, "fax")


def test_a_new_packet_is_no_way_around_one_that_is_in_doubt(database, shelf, made, time):
    queue(database, made, "say")
    courier, other = Say([unsure(time), sent(time)]), packet(shelf, title="the same paper, drawn anew")

    def queue_other() -> None:
        with database.begin(ROOM) as work:
            actions.queue(work, other, "say", paper_of(made))

    for _ in range(2):  # while it waits, and when nobody knows
        with pytest.raises(OnItsWay, match=made.id):
            queue_other()
        dispatcher(database, shelf, courier).tick()
    told = Told(time.now(), note="they have it")
    actions.confirm(database, courier, shelf.open, ROOM, made.id, told)
    queue_other()
    dispatcher(database, shelf, courier).tick()
    assert standing(database, other).status == "sent"


def test_a_packet_that_failed_is_not_sent_when_a_newer_one_took_its_place(database, shelf, made, time):
    queue(database, made, "say")
    courier = Say([failed(time), sent(time)])
    dispatcher(database, shelf, courier).tick()
    time.advance(minutes=1)
    with database.begin(ROOM) as work:
        actions.queue(work, packet(shelf, packet_id=PktId.new(time.now())), "say", paper_of(made))
    with pytest.raises(OnItsWay, match="newer"):
        actions.resend(database, ROOM, made.id, "the line is repaired")
    assert actions.cancel(database, ROOM, made.id, "drawn anew").status == "cancelled"


def test_a_packet_without_a_channel_waits_and_is_shown(database, shelf, made, time):
    queue(database, made, "fax")
    courier = Say([])
    assert dispatcher(database, shelf, courier).tick() == 0
    time.advance(minutes=6)
    with database.read() as view:
        assert "fax" in actions.health(view, ["say"])[0].text.en
        assert [one.id for one in store.of_subject(view, paper_of(made))] == [made.id]
        assert store.page(view, status="waiting")[0].to_json()["files"] == made.manifest["files"]
    assert actions.cancel(database, ROOM, made.id, "sent by hand").status == "cancelled"


def test_only_officers_settle_and_only_with_words(database, shelf, made, time, person):
    queue(database, made, "say")
    courier = Say([unsure(time)])
    dispatcher(database, shelf, courier).tick()
    told = Told(time.now(), note="telephone")
    for act in (
        lambda who: actions.confirm(database, courier, shelf.open, who, made.id, told),
        lambda who: actions.resend(database, who, made.id, "not there"),
    ):
        with pytest.raises(NotPermitted):
            act(person("auditor"))
    for wrong in ("", " ", "x" * 2001):
        with pytest.raises(Unusable):
            actions.resend(database, ROOM, made.id, wrong)
    for at in (time.now() + timedelta(seconds=1), time.now() - timedelta(days=1)):
        with pytest.raises(Unusable):
            actions.confirm(database, courier, shelf.open, ROOM, made.id, Told(at, note="telephone"))
    with pytest.raises(NotFound):
        actions.resend(database, ROOM, packet(shelf).id, "not there")


def test_events_hold_neither_titles_nor_addresses_nor_receipts(database, shelf, made, time):
    queue(database, made, "say")
    dispatcher(database, shelf, Say([sent(time, "R-SECRET")])).tick()
    with database.read() as view:
        bodies = " ".join(row.body for row in view.all(select(event.c.body)))
    assert "R-SECRET" not in bodies
    assert made.title.encode("unicode_escape").decode() not in bodies
    assert ACTOR.id in bodies
