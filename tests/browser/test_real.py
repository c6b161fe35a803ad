"""The console over a real installation: a release manager takes a campaign from a closed gate to its end."""

import re
from collections.abc import Iterator

import pytest

from tests.browser.checks import assert_fits, assert_speaks_only, axe
from tests.browser.real import NAME, Real, running

POLL = "htmx.trigger('#campaign-live', 'every')"


@pytest.fixture(scope="module")
def real(browser, tmp_path_factory) -> Iterator[Real]:
    with running(tmp_path_factory.mktemp("real") / "home", vehicles=12) as made:
        yield made


@pytest.fixture(scope="module")
def server(real) -> str:
    """What `visit` opens here."""
    return real.url


def test_a_campaign_goes_from_a_closed_gate_to_its_end_by_clicking(visit, real, pictures, monkeypatch):
    page = _sign_in(visit, "Zhao Min")
    _finds_the_closed_gate(page, real)
    _sees_it_open_when_filings_are_accepted(page, real)
    _starts_and_watches_the_first_wave(page, real)
    page.screenshot(path=pictures / "real-running-en-1440.png", full_page=True)
    _pauses_and_resumes(page, real)
    _reads_it_in_chinese_on_a_phone(page, real)
    page.screenshot(path=pictures / "real-running-zh-390.png", full_page=True)
    _stops_it_for_good(page, real)
    _looks_back_at_no_cost(page, monkeypatch)


@pytest.mark.parametrize(
    ("person", "heading", "parts"),
    [
        ("Zhao Min", "目前不予执行", ("门禁未满足", "未持有升级活动备案回执", "EIDC22-2, N45-6a", "下一步：")),
        ("Lin Qiao", "须由其他人员操作", ("您没有此操作所需的角色",)),
    ],
    ids=["gate", "role"],
)
def test_a_refusal_is_a_page_in_the_readers_language_with_what_to_do_next(visit, real, person, heading, parts):
    page = _sign_in(visit, person, forgive=True)
    page.goto(f"/campaigns/{real.unfiled}?lang=zh")
    _post(page, f"/campaigns/{real.unfiled}/start")
    assert page.get_by_role("heading", level=1).inner_text() == heading
    for part in parts:
        assert part in page.locator("main").inner_text()
    assert_speaks_only(page, "zh")
    assert axe(page) == []
    page.click("main .button")
    assert page.url.endswith(f"/campaigns/{real.unfiled}")


def test_a_campaign_cannot_be_stopped_without_typing_its_id(visit, real):
    page = _sign_in(visit, "Zhao Min", forgive=True)
    _post(page, f"/campaigns/{real.unfiled}/stop", confirm="CMP-something-else")
    assert "Type the id exactly as it is shown" in page.locator("main").inner_text()
    page.click("main .button")
    assert "Approved" in page.locator(".page-head .tags").inner_text()


def _sign_in(visit, name: str, **options):
    page = visit("/sign-in", **options)
    assert axe(page) == []
    assert_speaks_only(page, "en")
    page.click(f"text={name}")
    page.wait_for_url("**/duties")
    page.click(".menu a[href='/campaigns']")
    page.wait_for_url("**/campaigns")
    return page


def _post(page, path: str, **fields: str) -> None:
    """Send a form that the page does not offer."""
    page.evaluate(
        """([path, fields]) => {
          const form = Object.assign(document.createElement("form"), {method: "post", action: path});
          for (const [name, value] of Object.entries(fields))
            form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
          document.body.append(form);
          form.submit();
        }""",
        [path, fields],
    )
    page.wait_for_url(f"**{path}")


def _finds_the_closed_gate(page, real) -> None:
    page.fill("#f-q", "cockpit 5.2.0")
    page.wait_for_url("**?q=cockpit+5.2.0")
    assert page.locator("#campaigns tbody tr").count() == 1
    page.click(f"text={NAME}")
    page.wait_for_url(f"**/campaigns/{real.campaign}")
    assert "It cannot start." in page.locator("#campaign-live > .banner.bad").inner_text()
    for token, part in (("ACT", "File the activity"), ("SAMR", "Send form and package"), ("FACTS", "Some facts")):
        assert part in page.locator(f"#gate-{token}").inner_text()
    assert "text not verified: grade" in page.locator("#gate-ACT").inner_text()
    assert "MIIT-OTA-E-2023-0007 (demo)" in page.locator("#gate-ENT .evidence").inner_text()
    assert "FIL-" not in page.locator("main").inner_text()
    assert page.get_attribute("#verb-start summary", "aria-disabled") == "true"
    page.click("#verb-start summary", force=True)
    assert "The gate is not open: ACT" in page.locator("#verb-start .verb-card").inner_text()
    page.keyboard.press("Escape")
    assert_speaks_only(page, "en")
    assert axe(page) == []


def _sees_it_open_when_filings_are_accepted(page, real) -> None:
    real.file_release()
    page.evaluate(POLL)
    page.locator("#campaign-live > .banner.ok", has_text="it can start").wait_for()
    assert "MIIT-OTA-A-ivi-suite-5.2.0 (demo)" in page.locator("#gate-ACT .evidence").inner_text()
    assert page.locator(".gate-row.bad, .gate-row.warn").count() == 0


def _do(page, verb: str, status: str) -> None:
    page.click(f"#verb-{verb} summary")
    page.click(f"#verb-{verb} button")
    page.locator(".page-head .tag", has_text=status).wait_for()


def _starts_and_watches_the_first_wave(page, real) -> None:
    _do(page, "start", "Running")
    assert _share(page, 1) == "0 %"
    real.poll()
    page.evaluate(POLL)
    page.locator("#wave-1 .share", has_text="100 %").wait_for()
    assert page.locator("#wave-1 .bar i.c1").count() == 1
    assert "Planned" in page.locator("#wave-2 .wave-state").inner_text()
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d Beijing time", page.locator(".facts").inner_text())
    assert page.locator(".happened li").first.inner_text().endswith("Zhao Min")
    page.reload()
    row = page.locator("#vehicles tbody tr").first.inner_text()
    assert "Installed, attested" in row
    assert "MIIT-OTA-A-ivi-suite-5.2.0 (demo)" in row
    assert axe(page) == []


def _share(page, number: int) -> str:
    return str(page.locator(f"#wave-{number} .share").inner_text())


def _pauses_and_resumes(page, real) -> None:
    _do(page, "pause", "Paused")
    assert "No lease: nothing is delivered." in page.locator(".facts").inner_text()
    _do(page, "resume", "Running")
    _do(page, "advance", "Running")
    page.locator("#wave-2 .wave-state", has_text="Being delivered").wait_for()
    assert axe(page) == []


def _reads_it_in_chinese_on_a_phone(page, real) -> None:
    page.click("#switch-language")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert_speaks_only(page, "zh")
    for width in (390, 320):
        assert_fits(page, width)
    page.set_viewport_size({"width": 390, "height": 900})
    assert axe(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def _stops_it_for_good(page, real) -> None:
    page.click("#verb-stop summary")
    page.fill("#typed-stop", "CMP-something-else")
    page.click("#verb-stop button")
    assert page.locator("#typed-stop:invalid").count() == 1
    page.fill("#typed-stop", real.campaign)
    page.click("#verb-stop button")
    page.locator("#campaign-live > .banner", has_text="永久终止").wait_for()
    assert page.locator(".verbs").count() == 0
    assert page.get_attribute("#campaign-live", "hx-trigger") is None
    assert_speaks_only(page, "zh")
    assert axe(page) == []


def _looks_back_at_no_cost(page, monkeypatch) -> None:
    """Neither a campaign that is over nor the table of vehicles asks the gate."""

    def judged(*_: object) -> None:
        raise AssertionError("the gate was asked")

    monkeypatch.setattr("roadworthy.campaigns.actions.judge_wave", judged)
    page.reload()
    page.locator("#gate-ACT .evidence").wait_for()
    page.select_option("#f-status", "attested")
    page.wait_for_url("**?status=attested")
    assert "以最后一次决定为准" in page.locator("#campaign-live").inner_text()
