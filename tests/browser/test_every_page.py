"""What holds on every page: accessible, nothing overflows, one language at a time; each is also photographed."""

import pytest

from tests.browser.checks import WIDTHS, assert_fits, assert_speaks_only, axe

PAGES = {
    "blocked": "/campaigns/{BLOCKED}?limit=8",
    "running": "/campaigns/{RUNNING}?limit=3",
    "completed-no-match": "/campaigns/{COMPLETED}?vin=ZZZ",
    "empty": "/campaigns/{EMPTY}",
    "list": "/campaigns",
    "sign-in": "/sign-in",
    "not-found": "/campaigns/CMP-nobody",
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_is_accessible_fits_and_speaks_one_language(visit, demo, pictures, name, lang):
    path = PAGES[name].format(**vars(demo))
    page = visit(path, lang=lang, expect=404 if name == "not-found" else 200)
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=pictures / f"{name}-{lang}-{theme}-{width}.png", full_page=True)
            assert axe(page) == [], (theme, width)
    for width in WIDTHS:
        assert_fits(page, width)
    assert_speaks_only(page, lang)


@pytest.mark.parametrize("verb", ["advance", "pause", "stop"])
@pytest.mark.parametrize("width", [1440, 390])
def test_open_confirmation_is_accessible_and_inside_the_window(visit, demo, pictures, verb, width):
    page = visit(f"/campaigns/{demo.BLOCKED}", lang="zh", width=width)
    page.click(f"#verb-{verb} summary")
    card = page.locator(f"#verb-{verb} .verb-card").bounding_box()
    page.screenshot(path=pictures / f"confirm-{verb}-zh-{width}.png")
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= width
    assert axe(page, f"#verb-{verb}") == []


@pytest.mark.parametrize("width", [390, 1440])
def test_wider_text_spacing_and_longer_words_do_not_overflow(visit, demo, width):
    page = visit(f"/campaigns/{demo.BLOCKED}", width=width)
    page.evaluate("""() => {
      const style = new CSSStyleSheet();
      const wide = "letter-spacing: .12em !important; word-spacing: .16em !important";
      style.replaceSync(`* { line-height: 1.5 !important; ${wide} }`);
      document.adoptedStyleSheets.push(style);
    }""")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("innerWidth") == width


@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/{BLOCKED}"])
def test_critical_path_is_at_most_60_kilobytes_compressed(visit, demo, path):
    page = visit(path.format(**vars(demo)))
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate("""() => Object.fromEntries(
      [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .map(e => [e.name, e.encodedBodySize]))""")
    assert any("htmx" in name and size > 10_000 for name, size in sizes.items()), sizes
    assert sum(sizes.values()) <= 60_000, sizes
