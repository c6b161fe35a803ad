"""The two files of a bundle that tell people how to check it: VERIFY.md and index.html."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

_TEMPLATE = Path(__file__).with_name("bundle.html")

_VERIFY = """\
# How to check this bundle / 如何核验本证据包

You need `sha256sum` and `openssl` (3.0 or newer), and the log's public key **from its publisher**, not from here.
需要 `sha256sum` 与 `openssl`(3.0 及以上),以及**从发布方取得的**日志公钥,不可只用本包内的公钥。

The key in this bundle / 本包内的公钥:

    {vkey}

Its fingerprint (SHA-256 of the 32 byte key) / 其指纹:

    {fingerprint}

Unpack the zip into an empty folder, go there, put the key you hold into VKEY, and run:
解压到空文件夹,在其中将您持有的公钥填入 VKEY 后运行:

```sh
set -e
VKEY='{vkey}'
T=$(mktemp -d)
signed() {{  # file, number of signed lines: is the first signature below them by VKEY?
  head -n "$2" "$1" > "$T/text"
  sed -n "$(($2 + 2))p" "$1" | cut -d ' ' -f 3 | base64 -d | tail -c 64 > "$T/signature"
  printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000' > "$T/key"
  printf '%s' "$VKEY" | sed 's/^[^+]*+[^+]*+//' | base64 -d | tail -c 32 >> "$T/key"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$T/key" -rawin -in "$T/text" -sigfile "$T/signature"
}}
signed manifest.sig 2                                        # 1. the log signed the manifest's digest
sed -n 2p manifest.sig | sha256sum -c -                      # 2. this is that manifest
grep -q "$(sha256sum < SHA256SUMS | cut -c 1-64)" manifest.json  # 3. it lists this SHA256SUMS
sha256sum --quiet -c SHA256SUMS                              # 4. every file is the one listed
signed log/checkpoint 3                                      # 5. the log signed this head of its tree
rm -r "$T"
```

That every record stands in the log's tree (RFC 9162, 2.1.3.2) is checked by `roadworthy verify evidence.zip
--root FINGERPRINT`, or by opening `index.html` in a browser and choosing the zip: nothing leaves your computer.
各记录在日志树中的证明由 `roadworthy verify evidence.zip` 核验,
或用浏览器打开 `index.html` 并选择该 zip 文件;数据不会离开本机。

It proves what was recorded and that nobody changed it since the head was signed; not that what people wrote is true.
本包证明记录的内容及其自签名后未被改动;不证明填写内容本身属实。
"""


def verify_md(vkey: str, fingerprint: str) -> str:
    """Give VERIFY.md: how to check with sha256sum and openssl only."""
    return _VERIFY.format(vkey=vkey, fingerprint=fingerprint)


def page(
    vkey: str,
    fingerprint: str,
    scope: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    documents: Mapping[str, bytes],
) -> str:
    """Give index.html: the records and documents to read, and the check of the zip in the browser."""
    records = "".join(_table_row(event) for event in events)
    files = "".join(f"<li>{escape(name)} ({len(content)} B)</li>\n" for name, content in sorted(documents.items()))
    filled = _TEMPLATE.read_text("utf-8")
    for mark, text in {
        "{{fingerprint}}": " ".join(fingerprint[at : at + 4] for at in range(0, 64, 4)),
        "{{vkey}}": escape(vkey, quote=True),
        "{{scope}}": escape(json.dumps(dict(scope), ensure_ascii=False, indent=1, sort_keys=True)),
        "{{records}}": records,
        "{{documents}}": files,
    }.items():
        before, found, after = filled.partition(mark)
        filled = before + (text if found else "") + after
    return filled


def _table_row(event: Mapping[str, Any]) -> str:
    cells = [escape(str(event.get(name, ""))) for name in ("at", "kind", "subject", "actor", "id")]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
