"""What goes into the packet of a filing: forms, attachments, the fields for portals, the package, the checklist."""

from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.couriers.interface import Packet, PktId
from roadworthy.couriers.packet import Contents, Field, FilledForm, Item, Stored, build
from roadworthy.documents.words import WORDS
from roadworthy.filings.actions.papers import drawn
from roadworthy.filings.model import Document, Filing, Role
from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import Json
from roadworthy.law.forms import Filled, FormField
from roadworthy.storage import Artifacts

# Chinese is the official text; the English PDF is a courtesy copy.
_DRAWN = (("pdf", "zh"), ("docx", "zh"), ("xlsx", "zh"), ("json", "zh"), ("pdf", "en"))


def draw_all(artifacts: Artifacts, known: Filing, data: Filled, url: str) -> list[Document]:
    """Draw and keep every form of the packet; outside any transaction."""
    return [drawn(artifacts, known, data, kind, language, url) for kind, language in _DRAWN]


def packet_of(
    packet_id: PktId,
    known: Filing,
    data: Filled,
    forms: Sequence[Document],
    kept: Sequence[Document],
    url: str,
    artifacts: Artifacts,
) -> Packet:
    """Put the packet together. Raises Unusable, FileUnusable."""
    attached = [one for one in kept if one.role is Role.ATTACHMENT]
    package = data_of_package(known)
    contents = Contents(
        forms=[
            FilledForm(
                data.form.id, data.form.version, data.digest, code_of(data, url),
                tuple(Stored(one.name, one.sha256) for one in forms),
            )
        ],
        attachments=[Stored(one.name, one.sha256) for one in attached],
        checklist=_checklist(known, len(forms), len(attached)),
        fields=fields_of(data),
        packages=[package] if package else (),
    )  # fmt: skip
    title = f"{data.form.title.zh} {known.id}"
    return build(packet_id, str(known.authority), str(known.kind), title, contents, artifacts.open)


def code_of(data: Filled, url: str) -> str:
    """Give what the QR code on the forms says: where the record is, and the digest of the data."""
    return f"{url}#sha256={data.digest}"


def fields_of(data: Filled) -> list[Field]:
    """Give the fields of a form with their values as somebody types them into a portal."""
    return [Field(one.id, one.label, _typed(one, data.values[one.id])) for one in data.form.fields]


def choices(asked: FormField) -> dict[str, str]:
    """Give the texts that a portal offers for a field, by our value; empty for a field that is typed."""
    if asked.type == "bool":
        return {"true": WORDS["yes"].zh, "false": WORDS["no"].zh}
    return {word: text.zh for word, text in asked.values.items()}


def data_of_package(known: Filing) -> dict[str, Json]:
    """Give what the papers say of the upgrade package they are about; empty when they are about none."""
    told = known.facts.get("package")
    described = {name: value for name, value in told.items() if isinstance(value, str | int)} if told else {}
    return described | ({"sha256": known.scope.package_sha256} if known.scope.package_sha256 else {})


def _checklist(known: Filing, forms: int, attachments: int) -> list[Item]:
    handed = known.package_delivered_on is not None
    package = [Item(Text("升级包已送达", "The package was handed over"), handed)] if known.scope.package_sha256 else []
    return [
        Item(Text(f"表格已填写完整({forms}个文件)", f"The form is complete ({forms} files)"), done=True),
        Item(Text("已由他人复核签发", "Signed off by a second person"), known.signed_by is not None),
        Item(Text(f"附件{attachments}个", f"{attachments} attachments"), done=True),
        *package,
        Item(Text("盖章扫描件", "Scan of the stamped paper"), done=False),
    ]


def _typed(asked: FormField, value: Any) -> str:
    """Give a value as somebody types it into a portal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(_row(asked, row) for row in value)
    return _flat(value)


def _row(asked: FormField, row: Any) -> str:
    if not isinstance(row, Mapping):
        return _flat(row)
    return "; ".join(_flat(row[column.id]) for column in asked.columns if row.get(column.id) is not None)


def _flat(value: Any) -> str:
    return str(value["name"]) if isinstance(value, Mapping) and "name" in value else str(value)
