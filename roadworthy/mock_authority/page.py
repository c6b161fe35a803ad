"""The page of what was received."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from roadworthy.kernel.time import BEIJING, parse_instant

_WORDS = {
    "zh": {
        "title": "模拟主管部门: 收件台",
        "note": "仅供演示和测试, 不是任何主管部门的系统。",
        "head": ("回执号", "标题", "类别", "收到时间 (北京)", "文件数", "情形", "答复", "材料包"),
        "empty": "尚未收到材料。",
        "other": ("en", "English"),
        "outcomes": {"accepted": "予以备案", "returned": "退回补正", "refused": "不予备案"},
    },
    "en": {
        "title": "Mock authority: the desk",
        "note": "For demonstration and tests only; it is no authority's system.",
        "head": ("Receipt", "Title", "Kind", "Received (Beijing)", "Files", "Scenario", "Answer", "Packet"),
        "empty": "Nothing has been received.",
        "other": ("zh", "中文"),
        "outcomes": {"accepted": "accepted", "returned": "returned", "refused": "refused"},
    },
}
_STYLE = """
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif}
body{margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1d2733}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.5rem .75rem;border-bottom:1px solid #d5dbe3}
th{font-weight:600;white-space:nowrap;background:#f2f5f8}td.n{font-variant-numeric:tabular-nums}p{color:#4a5866}a{color:#0b5cad}
"""


def render(records: Sequence[Mapping[str, Any]], lang: str) -> str:
    """Give the page in `lang` (zh or en)."""
    words: Mapping[str, Any] = _WORDS[lang]
    head = "".join(f"<th>{word}</th>" for word in words["head"])
    rows = "".join(_row(one, words["outcomes"]) for one in records)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    other, name = words["other"]
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{words["title"]}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<h1>{words["title"]}</h1><p>{words["note"]} <a href="?lang={other}">{name}</a></p>'
        f"{table if records else '<p>' + words['empty'] + '</p>'}</body></html>"
    )


def _row(one: Mapping[str, Any], outcomes: Mapping[str, str]) -> str:
    at = parse_instant(one["received_at"]).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    answers = "<br>".join(escape(f"{outcomes[told['outcome']]} {told['remarks']}".strip()) for told in one["answers"])
    cells = [one["receipt"], one["title"], one["kind"], at, one["files"], one["scenario"]]
    plain = "".join(f'<td class="n">{escape(str(cell))}</td>' for cell in cells)
    link = f'<td><a href="/submissions/{escape(one["key"])}/packet">zip</a></td>'
    return f"<tr>{plain}<td>{answers}</td>{link}</tr>"
