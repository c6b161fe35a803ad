"""The console's duties over HTTP: who may, what bad addresses get, that nothing typed becomes markup."""

import pytest

from roadworthy.clocks import actions
from roadworthy.clocks.delivery import Deliverer, Inbox
from roadworthy.clocks.model import Standing
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import messages
from roadworthy.clocks.web import board
from roadworthy.clocks.web.console import console
from roadworthy.clocks.web.words import STANDING, recipe_words, reminder_words
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotPermitted
from roadworthy.webui.console import install_console
from tests.clocks.plans import RECIPE, ROOM, begin, plan
from tests.conftest import START
from tests.rooms.app import AUDITOR, COMPLIANCE, NOBODY, client

HTML = {"accept": "text/html", "accept-language": "en"}
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def told(database, time):
    """An overdue clock whose report and subject hold markup, told to the compliance officer."""
    made = begin(database, plan(START, 24, f"CMP-{MARKUP}", title=Text(MARKUP, MARKUP), citation=MARKUP))
    time.advance(hours=25)
    Poller(database).tick()
    Deliverer(database, [Inbox(database)]).tick()
    return made


def as_(database, actor):
    http = client(database, actor, console)
    install_console(http._app)
    http._app.state.sign_in = http._app.state.sign_out = None
    return http


def test_nobody_sees_duties_without_signing_in(database, told):
    http = as_(database, None)
    for path in ("/duties", f"/duties/{told}"):
        assert http.get(path, headers=HTML).status_code == 303
    assert http.post(f"/duties/{told}/seen", headers=HTML).status_code == 303
    with database.read() as view:
        assert messages.count_unseen(view, COMPLIANCE.roles) == 1


def test_what_people_typed_stays_text(database, told):
    http = as_(database, COMPLIANCE)
    for path in ("/duties", f"/duties/{told}", f"/duties?subject={MARKUP}&duty={MARKUP}"):
        page = http.get(path, headers=HTML)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/duties?standing=late", 400),
        ("/duties?after=CLK-nobody", 404),
        ("/duties/CLK-nobody", 400),
        ("/duties/CLK-01ARZ3NDEKTSV4RRFFQ69G5FAV", 404),
        ("/duties?subject=%25&standing=all", 200),
    ],
)
def test_bad_addresses_are_answered_with_what_to_do(database, told, path, status):
    assert as_(database, AUDITOR).get(path, headers=HTML).status_code == status


def test_only_holders_of_a_role_that_was_told_mark_it_as_seen(database, told):
    for actor in (AUDITOR, NOBODY):
        assert as_(database, actor).post(f"/duties/{told}/seen", headers=HTML).status_code == 403
    assert "Nothing new for you." in as_(database, AUDITOR).get("/duties", headers=HTML).text
    assert as_(database, COMPLIANCE).post(f"/duties/{told}/seen", headers=HTML).headers["location"] == "/duties"
    with database.read() as view:
        seen = messages.notices_of(view, [told])
    assert {one.seen_by for one in seen} == {COMPLIANCE.id}
    assert actions.see_all(database, COMPLIANCE, told) == 0
    with pytest.raises(NotPermitted):
        actions.see_all(database, AUDITOR, told)


def test_another_sites_form_marks_nothing(database, told):
    foreign = HTML | {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert as_(database, COMPLIANCE).post(f"/duties/{told}/seen", headers=foreign).status_code == 403


def test_a_page_that_nobody_watches_says_so(database, time, told):
    http = as_(database, AUDITOR)
    assert "The clocks are not watched" not in http.get("/duties", headers=HTML).text
    time.advance(seconds=31)
    for path in ("/duties", f"/duties/{told}"):
        assert "The clocks are not watched" in http.get(path, headers=HTML).text


def test_pages_of_the_list_are_in_the_order_of_due_times_and_complete(database, time):
    made = [begin(database, plan(START, hours, f"CMP-{hours}")) for hours in (48, 24, 720, 24.5, 96)]
    time.advance(hours=24.2)
    with database.read() as view:
        found, after = [], ""
        while True:
            rows, after = board.rows(view, board.Asked(after=after), 2)
            found += [row.clock.id for row in rows]
            if not after:
                break
        assert found == [made[1], made[3], made[0], made[4], made[2]]
        by_standing = {s: [r.clock.id for r in board.rows(view, board.Asked(standing=s))[0]] for s in board.OPEN}
        assert by_standing == {
            Standing.OVERDUE: [made[1]], Standing.DUE_SOON: [made[3]], Standing.RUNNING: [made[0], made[4], made[2]],
        }  # fmt: skip
        assert board.summary(view) == board.Summary(running=3, due_soon=1, overdue=1)


def test_ended_clocks_are_found_by_how_they_ended(database, time):
    late, met, gone = (begin(database, plan(START, 24, f"CMP-{n}")) for n in range(3))
    time.advance(hours=30)
    with database.begin(ROOM) as work:
        actions.satisfy(work, late, work.now, "FIL-1")
        actions.satisfy(work, met, START, "FIL-2")
        actions.cancel(work, gone, "No longer.")
    with database.read() as view:
        found = {s: [row.clock.id for row in board.rows(view, board.Asked(standing=s))[0]] for s in STANDING}
        assert {s: ids for s, ids in found.items() if ids} == {"met": [met], "met_late": [late], "cancelled": [gone]}
        assert len(board.rows(view, board.Asked(standing=board.ALL))[0]) == 3
        assert not board.summary(view).any


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("50%", "50 % of the time is over"),
        ("-4h", "4 hours before the end"),
        ("+1d", "1 day after the end"),
        ("due", "when the time is over"),
        ("<b>", "<b>"),
    ],
)
def test_kinds_of_reminders_are_said_in_words(kind, said):
    assert reminder_words(kind).en == said


def test_how_a_time_was_counted_is_said_in_words():
    days = recipe_words(plan(START, recipe=RECIPE, provisional=True))
    assert days[0].en == "Within 5 working days after 2026-12-28, by the Chinese calendar, until 24:00 of that day."
    assert days[0].zh == "2026-12-28 后 5 个工作日内，按中国工作日历，至当日 24:00。"
    assert "earliest possible" in days[1].en
    assert recipe_words(plan(START, 24))[0].en.startswith("24 hours from ")
    assert recipe_words(plan(START, 24, recipe=RECIPE | {"amount": 0, "unit": "day"}))[0].en.startswith("On 2026-12-28")
