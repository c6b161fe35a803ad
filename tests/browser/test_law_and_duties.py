"""The pages of duties and law: accessible, fitting, one language at a time, and right about time and people."""

import re
from collections.abc import Iterator

import pytest

from tests.browser.checks import WIDTHS, assert_fits, assert_speaks_only, axe
from tests.browser.law_and_duties import MARKUP, World

PAGES = {
    "duties": "/duties",
    "duties-all": "/duties?standing=all",
    "duties-no-match": "/duties?subject=ZZZ",
    "duty-overdue": "/duties/{overdue}",
    "duty-corrected": "/duties/{corrected}",
    "law": "/law",
    "pack": "/law/packs/cn.n45.ota-classes",
    "pack-incidents": "/law/packs/cn.n45.incident-clocks",
    "version-review": "/law/versions/{review}",
    "version-proposed": "/law/versions/{proposed}",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("law-and-duties"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(world):
    """What `server` serves here."""
    return world.app


@pytest.fixture(scope="module")
def server(app, served) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_is_accessible_fits_and_speaks_one_language(visit, world, pictures, name, lang):
    page = visit(PAGES[name].format(**world.clocks, **world.packs), lang=lang)
    page.evaluate("document.querySelectorAll('details.rule').forEach(one => one.open = true)")
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=pictures / f"{name}-{lang}-{theme}-{width}.png", full_page=True)
            assert axe(page) == [], (theme, width)
    for width in WIDTHS:
        assert_fits(page, width)
    assert page.locator("main img").count() == 0
    # Names, reports and reasons are what people typed; here they hold markup.
    page.evaluate(
        """markup => document.querySelectorAll("main *").forEach(one => one.childNodes.forEach(node => {
          if (node.nodeType === 3) node.textContent = node.textContent.replace(markup, "");
        }))""",
        MARKUP,
    )
    assert_speaks_only(page, lang)


def test_what_is_open_comes_first_and_filters_keep_their_state_in_the_address(visit, world):
    page = visit("/duties")
    assert _standings(page) == ["Overdue", "Due soon", "Running", "Running"]
    page.select_option("#f-standing", "met_late")
    page.wait_for_url("**/duties?standing=met_late")
    assert _standings(page) == ["Met late"]
    page.reload()
    assert _standings(page) == ["Met late"]
    page.select_option("#f-standing", "all")
    page.wait_for_url("**/duties?standing=all")
    assert set(_standings(page)) == {
        "Overdue", "Due soon", "Running", "Met in time", "Met late", "Fell away", "Corrected",
    }  # fmt: skip
    page.fill("#f-subject", "CMP-2")
    page.wait_for_url("**/duties?standing=all&subject=CMP-2")
    assert _standings(page) == ["Due soon"]
    assert page.evaluate("document.activeElement.id") == "f-subject"


def test_time_left_follows_the_servers_clock_whatever_the_browser_thinks(visit, world):
    seen = set()
    for shift in (-3, 0, 3):
        page = visit("/duties")
        page.add_init_script(f"const real = Date.now; Date.now = () => real() + {shift} * 3600000;")
        page.reload()
        page.evaluate("document.querySelectorAll('#duties .left').forEach(one => one.textContent = '')")
        page.evaluate("document.dispatchEvent(new Event('htmx:after:swap'))")
        seen.add(page.locator("#duties .left").first.inner_text())
    assert seen == {"1 hr 30 min late"}


def test_a_dead_worker_never_looks_well(visit, world):
    page = visit("/duties")
    assert page.locator("#duties-live > .banner").count() == 0
    now = world.time.now()
    try:
        world.time.advance(seconds=40)
        page.evaluate("htmx.trigger('#duties-live', 'every')")
        banner = page.locator("#duties-live > .banner.bad")
        banner.wait_for()
        assert "The clocks are not watched" in banner.inner_text()
        assert "have not been polled for 40 s" in banner.inner_text()
        page.evaluate("htmx.trigger('#duties', 'every')")
        page.locator("#duties .tag", has_text="Running, not watched").first.wait_for()
        assert page.locator("main .tag.ok").count() == page.locator("main .tag.ok", has_text="Met in time").count()
    finally:
        world.time.moment = now


def test_reminders_go_away_once_somebody_of_the_role_has_seen_them(visit, world):
    page = visit("/duties")
    before = int(page.locator(".menu .count").inner_text())
    page.focus(f"#seen-{world.clocks['late']}")
    page.keyboard.press("Enter")
    page.locator(f"#told-{world.clocks['late']}").wait_for(state="detached")
    assert int(page.locator(".menu .count").inner_text()) == before - 1
    page.goto(f"/duties/{world.clocks['late']}")
    assert re.search(r"seen by Counsel .* · \d{4}-", page.locator("main").inner_text())


def test_two_people_decide_by_clicking_and_one_alone_cannot(visit, world):
    digest = world.packs["approved"]
    page = visit(f"/law/versions/{digest}")
    page.click("#verb-propose summary")
    page.click("#verb-propose button")
    page.locator(".banner", has_text="a release manager must confirm the proposal").wait_for()
    confirm = page.locator(".verb[id$='-confirm']")
    confirm.locator("summary").click(force=True)
    assert "This needs the role release manager." in confirm.locator(".verb-card").inner_text()
    assert axe(page) == []
    world.who = world.people["author"]
    page.reload()
    page.locator(".banner.info", has_text="You can do this").wait_for()
    confirm.locator("summary").click()
    confirm.locator("button").click()
    page.locator(".tag", has_text="In force").first.wait_for()
    world.who = world.people["counsel"]


def test_without_javascript_every_link_filter_and_button_works(visit, world):
    page = visit("/duties", java_script_enabled=False)
    page.select_option("#f-standing", "overdue")
    page.click(".filter button")
    assert _standings(page) == ["Overdue"]
    assert page.locator("#duties .left").inner_text() == "1 hr 30 min late"
    page.goto("/law")
    page.click("#packs-title >> xpath=../.. >> a >> nth=0")
    page.click(".rule summary >> nth=0")
    assert page.locator(".rule-body").first.is_visible()


def _standings(page) -> list[str]:
    page.wait_for_load_state("networkidle")
    return [one.split("\n")[-1].strip() for one in page.locator("#duties tbody .chip .tag").all_inner_texts()]
