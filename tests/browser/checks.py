"""What every page must pass: axe, nothing cut or overlapping at any width, one language at a time."""

import re
from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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


def axe(page: Page, where="html") -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate(
        "([where, tags]) => axe.run(where, {runOnly: tags, resultTypes: ['violations'], preload: false})",
        [where, RULES],
    )
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]


def assert_fits(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for looked_for in (CUT, OUTSIDE, OVERLAP, SMALL):
        assert page.evaluate(looked_for) == [], width


def assert_speaks_only(page: Page, lang: str) -> None:
    seen = page.evaluate(SEEN)
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if lang == "zh" else "en")
    assert [s for s in seen if s["size"] < 12] == []
    words = " | ".join(s["text"] for s in seen)
    if lang == "en":
        assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]+", words) == []
    else:
        # Names and codes stay Latin; three plain lower-case words in a row are a sentence somebody forgot.
        assert re.findall(r"(?:\b[a-z]{2,} ){2,}[a-z]{2,}", words) == []
