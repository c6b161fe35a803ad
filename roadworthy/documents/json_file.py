"""JSON: the data themselves, in canonical bytes, from which every other paper can be drawn again and compared."""

from roadworthy.documents.paper import Drawn, Paper
from roadworthy.kernel.event import canonical


def draw(paper: Paper) -> Drawn:
    """Give form, version, values, their digest and the record; the language makes no difference."""
    filled = paper.filled
    content = canonical(
        {
            "digest": filled.digest,
            "form": filled.form.id,
            "record": {"id": paper.record.id, "url": paper.record.url},
            "type": "filled-form/1",
            "values": dict(filled.values),
            "version": filled.form.version,
        }
    )
    return Drawn(content, "application/json")
