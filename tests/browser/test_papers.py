"""The pages of papers: accessible, fitting, one language at a time; copied by one click; four eyes by clicking."""

from collections.abc import Iterator

import pytest

from roadworthy.filings import store
from tests.browser.checks import WIDTHS, assert_fits, assert_speaks_only, axe
from tests.browser.papers import MARKUP, SECOND, World

PAGES = {
    "papers": "/filings",
    "papers-no-match": "/filings?status=expired",
    **{
        f"paper-{name}": f"/filings/{{{name}}}"
        for name in ("draft", "signed", "handed", "unsure", "valid", "returned", "ours")
    },
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("papers"))
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
    page = visit(PAGES[name].format(**world.papers), lang=lang)
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=pictures / f"{name}-{lang}-{theme}-{width}.png", full_page=True)
            assert axe(page) == [], (theme, width)
    for width in WIDTHS:
        assert_fits(page, width)
    assert page.locator("main img").count() == 0
    # What people typed holds markup here.
    page.evaluate(
        """markup => document.querySelectorAll("main *").forEach(one => one.childNodes.forEach(node => {
          if (node.nodeType === 3) node.textContent = node.textContent.replaceAll(markup, "");
        }))""",
        MARKUP,
    )
    assert_speaks_only(page, lang)


def test_filters_keep_their_state_in_the_address(visit, world):
    page = visit("/filings")
    page.select_option("#f-status", "valid")
    page.wait_for_url("**/filings?status=valid")
    page.wait_for_load_state("networkidle")
    assert page.locator("#papers tbody tr").count() == 1
    assert "In force" in page.locator("#papers tbody").inner_text()
    page.reload()
    page.click(f"#open-{world.papers['valid']}")
    page.wait_for_url(f"**/filings/{world.papers['valid']}")


def test_one_click_copies_a_field_and_says_so(visit, world, server):
    page = visit(f"/filings/{world.papers['handed']}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    button = page.locator("[data-copy]").first
    wanted = page.locator(f"#{button.get_attribute('data-copy')}").inner_text()
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#copied", has_text="Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == wanted
    assert "✓ Copied" in button.inner_text()


def test_a_page_without_a_clipboard_copies_all_the_same(visit, world):
    page = visit(f"/filings/{world.papers['handed']}")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator("[data-copy]").first.click()
    page.locator("#copied", has_text="Copied").wait_for(state="attached")


def test_a_doubtful_packet_says_what_to_do(visit, world):
    card = visit(f"/filings/{world.papers['unsure']}").locator("section[aria-labelledby='packet-title']")
    assert "Unknown: check with the authority" in card.inner_text()
    assert "Nothing is sent again by itself." in card.inner_text()


def test_the_author_cannot_sign_off_and_a_second_person_can(visit, world):
    page = visit(f"/filings/{world.papers['complete']}")
    page.click("#verb-sign-off summary", force=True)
    assert "You are the author" in page.locator("#verb-sign-off .verb-card").inner_text()
    assert axe(page) == []
    before, world.who = world.who, SECOND
    try:
        page.reload()
        page.click("#verb-sign-off summary")
        page.click("#verb-sign-off button")
        page.locator(".tag", has_text="Ready to send").first.wait_for()
    finally:
        world.who = before


def test_without_javascript_the_receipt_is_typed_twice_and_no_dead_button_shows(visit, world):
    page = visit(f"/filings/{world.papers['handed']}", java_script_enabled=False)
    assert page.locator("[data-copy]:visible").count() == 0
    world.time.advance(hours=1)
    page.fill("#c-at", "2026-03-02T10:30")
    for field in ("#c-receipt", "#c-again"):
        page.fill(field, "R-2026-1")
    page.click("form[action$='/confirm'] button")
    page.wait_for_url(f"**/filings/{world.papers['handed']}")
    assert "Arrived, no answer yet" in page.locator(".tags").first.inner_text()
    with world.database.read() as view:
        assert store.load_filing(view, world.papers["handed"]).submission_number == "R-2026-1"
