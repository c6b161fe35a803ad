"""The campaign page as people use it: by mouse, by keyboard, without JavaScript, left open for a while."""

import pytest

FOCUS = "document.activeElement.id || document.activeElement.tagName"


def test_blocked_gates_come_first_then_holds_then_open(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    states = [t.split(":")[0] for t in page.locator(".gate-row h3").all_text_contents()]
    assert states == ["Blocked"] * 2 + ["On hold"] + ["Open"] * 7


def test_a_gate_row_shows_clause_reason_next_step_and_doubt(visit, demo):
    row = visit(f"/campaigns/{demo.BLOCKED}").locator("#gate-PARAM")
    for part in ("N45-7b", "HY6500C (12,885 vehicles) is not covered", "Next step:", "text not verified: grade"):
        assert part in row.inner_text()


def test_the_stop_line_stands_before_the_wave_that_is_stopped(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    ids = page.locator(".waves > li").evaluate_all("all => all.map(e => e.id || e.className)")
    assert ids == ["wave-0", "wave-1", "wave-2", "stop-line", "wave-3", "wave-4"]
    assert "Stopped before Wave 3: PARAM, SAMR" in page.locator(".stop-line").inner_text()


def test_bars_are_as_long_as_their_counts(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    widths = page.locator("#wave-2 .bar i").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    total = page.locator("#wave-2 .bar").bounding_box()["width"]
    assert widths[0] / total == pytest.approx(4426 / 5000, abs=0.03)
    assert len(widths) == 6
    assert min(widths) >= 3


def test_focus_stays_on_the_pager_and_the_count_is_announced(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    page.focus("#vehicles-next")
    page.keyboard.press("Enter")
    page.wait_for_url("**after=VEH-0019**")
    page.locator("#row-VEH-0020").wait_for()
    assert page.evaluate(FOCUS) == "vehicles-next"
    assert page.locator("#vehicles-count").get_attribute("role") == "status"
    for last in (39, 59, 79, 99):
        page.keyboard.press("Enter")
        page.locator(f"#row-VEH-{last + 1:04}").wait_for()
    assert page.locator("#vehicles-next").get_attribute("aria-disabled") == "true"
    assert page.evaluate(FOCUS) == "vehicles-next"
    page.go_back()
    page.wait_for_url("**after=VEH-0079**")


def test_filters_act_while_typing_and_live_in_the_address(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    page.select_option("#f-status", "failed")
    page.wait_for_url("**?status=failed")
    page.focus("#f-status")
    page.keyboard.press("/")
    assert page.evaluate(FOCUS) == "f-status"  # "/" belongs to a field that has focus
    page.focus("#main")
    page.keyboard.press("/")
    page.keyboard.type("sb1022")
    page.wait_for_url("**?vin=sb1022&status=failed")
    page.locator("#vehicles-count", has_text="1 of 1 vehicle").wait_for()
    assert page.evaluate(FOCUS) == "f-vin"
    reopened = visit(page.url.replace(page.url.split("/campaigns")[0], ""))
    assert reopened.input_value("#f-vin") == "SB1022"
    assert reopened.locator("#vehicles tbody tr").count() == 1


def test_page_left_open_shows_what_changed_and_keeps_focus_and_open_confirmation(visit, app, demo):
    page = visit(f"/campaigns/{demo.RUNNING}")
    page.click("#verb-pause summary")
    page.fill("#why-pause", "failure rate")
    poll = "htmx.trigger('#campaign-live', 'every')"
    with page.expect_response("**/campaigns/**") as unchanged:
        page.evaluate(poll)
    assert unchanged.value.status == 304
    app.state.status[demo.RUNNING] = "paused"
    try:
        with page.expect_response("**/campaigns/**") as changed:
            page.evaluate(poll)
        assert changed.value.status == 200
        page.locator(".page-head .tag", has_text="Paused").wait_for()
        assert page.evaluate(FOCUS) == "why-pause"
        assert page.input_value("#why-pause") == "failure rate"
        assert page.locator("#verb-pause").get_attribute("open") is not None
    finally:
        app.state.status.clear()


def test_page_asks_again_every_ten_seconds_unless_nothing_can_change(visit, demo):
    assert visit(f"/campaigns/{demo.RUNNING}").get_attribute("#campaign-live", "hx-trigger") == "every 10s"
    assert visit(f"/campaigns/{demo.COMPLETED}").get_attribute("#campaign-live", "hx-trigger") is None


def test_a_dead_connection_is_said_and_taken_back(visit, demo):
    page = visit(f"/campaigns/{demo.RUNNING}", forgive=True)
    page.route("**/campaigns/**", lambda route: route.abort())
    page.evaluate("htmx.trigger('#campaign-live', 'every')")
    page.wait_for_selector("#offline:not([hidden])")
    page.unroute("**/campaigns/**")
    page.evaluate("htmx.trigger('#campaign-live', 'every')")
    page.wait_for_selector("#offline", state="hidden")


def test_time_left_counts_by_the_servers_clock(visit, demo):
    page = visit(f"/campaigns/{demo.RUNNING}")
    assert "2026-11-23 03:18" in page.locator(".facts").inner_text()
    assert page.locator(".left").inner_text() in {"(19 hr 12 min)", "(19 hr 11 min)"}


def test_escape_closes_a_confirmation_and_returns_to_its_button(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    page.focus("#verb-stop summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "why-stop"
    page.keyboard.press("Escape")
    assert page.locator("#verb-stop").get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_an_impossible_verb_says_why_and_offers_no_form(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}")
    button = page.locator("#verb-advance summary")
    assert button.get_attribute("aria-disabled") == "true"
    page.click("#verb-advance summary", force=True)
    assert "PARAM and SAMR are not met" in page.locator("#verb-advance .verb-card").inner_text()
    assert page.locator("#verb-advance form").count() == 0


def test_everything_works_without_javascript(visit, app, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}", java_script_enabled=False)
    page.select_option("#f-status", "failed")
    page.click("#vehicles-filter button")
    assert "status=failed" in page.url
    assert page.locator("#vehicles tbody tr").count() == 15
    page.goto(f"/campaigns/{demo.BLOCKED}")
    page.click("#vehicles-next")
    assert "after=VEH-0019" in page.url
    page.click("#verb-pause summary")
    page.fill("#why-pause", "too many failures")
    page.click("#verb-pause button")
    assert app.state.done.pop() == (demo.BLOCKED, "pause", "too many failures")
    page.click("#switch-language")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.click("#switch-theme")
    assert page.locator("html").get_attribute("data-theme") == "auto"
    page.goto("/campaigns")  # the cookies keep the choice
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_a_person_of_the_demo_signs_in_and_out_without_javascript(visit):
    page = visit("/sign-in?next=/mine", java_script_enabled=False)
    page.click("text=Zhao Min")
    assert page.url.endswith("/mine")
    cookie = next(c for c in page.context.cookies() if c["name"] == "roadworthy_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    page.goto("/campaigns")
    assert "Zhao Min" in page.locator(".top").inner_text()
    page.click("text=Sign out")
    assert page.url.endswith("/sign-in")
    page.goto("/mine")
    assert "/sign-in?next=/mine" in page.url


def test_keyboard_focus_is_never_hidden_by_the_bars(visit, demo):
    page = visit(f"/campaigns/{demo.BLOCKED}", width=390)
    hidden = []
    for _ in range(30):
        page.keyboard.press("Tab")
        hidden += page.evaluate("""() => {
          const e = document.activeElement, r = e.getBoundingClientRect();
          if (e.matches(".scroll") || e.closest(".menu, .skip, .top") || e === document.body) return [];
          const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
          return top && (e.contains(top) || top.contains(e)) ? [] : [e.id || e.textContent.trim()];
        }""")
    assert hidden == []


def test_an_error_of_a_region_is_told_at_the_top_and_the_region_stays(visit, demo):
    page = visit(f"/campaigns/{demo.RUNNING}", forgive=True)
    page.evaluate("document.getElementById('campaign-live').setAttribute('hx-get', '/campaigns/nobody')")
    page.evaluate("htmx.trigger('#campaign-live', 'every')")
    page.locator("#notice", has_text="There is no such campaign").wait_for()
    assert page.locator("#gate-PARAM").count() == 1
