"""What holds on every page: accessible, nothing overflows, one language at a time; each is also photographed."""

import re
from pathlib import Path

import pytest

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "blocked": "/campaigns/{BLOCKED}?limit=8",
    "running": "/campaigns/{RUNNING}?limit=3",
    "completed-no-match": "/campaigns/{COMPLETED}?vin=ZZZ",
    "empty": "/campaigns/{EMPTY}",
    "list": "/campaigns",
    "sign-in": "/sign-in",
    "not-found": "/campaigns/CMP-nobody",
}
WIDTHS = (320, 390, 768, 1440)

# Text nodes that a reader sees, with their letters' size and whether they are cut off by their box.
SEEN = """() => {
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
    if (!text || !e.checkVisibility() || e.closest(".unseen, .skip, thead, [lang]:not(html)")) continue;
    out.push({text, size: parseFloat(getComputedStyle(e).fontSize)});
  }
  return out;
}"""
CUT = """() => [...document.querySelectorAll("td, th, .tag, .button, h1, h2, h3, p, dd, dt, label")]
  .filter(e => e.checkVisibility() && !e.closest(".unseen, thead") && getComputedStyle(e).display !== "inline"
    && (e.scrollWidth > e.clientWidth + 1)).map(e => e.textContent.trim())"""
OUTSIDE = """() => [...document.querySelectorAll(".card *")]
  .filter(e => e.checkVisibility() && !e.closest(".scroll table, .unseen, .verb-card, thead, option")
    && e.getBoundingClientRect().right > e.closest(".card").getBoundingClientRect().right + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
OVERLAP = """() => [...document.querySelectorAll("tr, .wave, .tags, .gate-row, .card-head, .top")].flatMap(row => {
  const boxes = [...row.querySelectorAll(".tag, th, td, .quiet, .share, b, h2, .button, code, .mono")]
    .filter(e => e.checkVisibility() && !e.closest(".unseen, .verb-card")).map(e => {
      const range = document.createRange(); range.selectNodeContents(e);
      return [e, range.getBoundingClientRect()];
    });
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) => !a.contains(b) && !b.contains(a)
    && p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 4 && q.top < p.bottom - 4)
    .map(([b]) => `${a.textContent.trim()} / ${b.textContent.trim()}`));
})"""
SMALL = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select, textarea")]
  .filter(e => e.checkVisibility() && !e.closest(".skip"))
  .map(e => [e.textContent.trim(), e.getBoundingClientRect()]).filter(([, r]) => r.height < 24 || r.width < 24)
  .map(([text, r]) => `${text} ${r.width}x${r.height}`)"""


def _axe(page, where="html") -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate(
        "([where, tags]) => axe.run(where, {runOnly: tags, resultTypes: ['violations'], preload: false})",
        [where, RULES],
    )
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]


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
            assert _axe(page) == [], (theme, width)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == [], width
        assert page.evaluate(OUTSIDE) == [], width
        assert page.evaluate(OVERLAP) == [], width
        assert page.evaluate(SMALL) == [], width
    _speaks_only(page, lang)


def _speaks_only(page, lang) -> None:
    seen = page.evaluate(SEEN)
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if lang == "zh" else "en")
    assert [s for s in seen if s["size"] < 12] == []
    words = " | ".join(s["text"] for s in seen)
    if lang == "en":
        assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]+", words) == []
    else:
        # Names and codes stay Latin; three plain lower-case words in a row are a sentence somebody forgot.
        assert re.findall(r"(?:\b[a-z]{2,} ){2,}[a-z]{2,}", words) == []


@pytest.mark.parametrize("verb", ["advance", "pause", "stop"])
@pytest.mark.parametrize("width", [1440, 390])
def test_open_confirmation_is_accessible_and_inside_the_window(visit, demo, pictures, verb, width):
    page = visit(f"/campaigns/{demo.BLOCKED}", lang="zh", width=width)
    page.click(f"#verb-{verb} summary")
    card = page.locator(f"#verb-{verb} .verb-card").bounding_box()
    page.screenshot(path=pictures / f"confirm-{verb}-zh-{width}.png")
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= width
    assert _axe(page, f"#verb-{verb}") == []


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
