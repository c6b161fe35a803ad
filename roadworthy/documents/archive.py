"""Write the zip of a document anew so that the same content gives the same bytes."""

import io
import zipfile

_FIRST = "[Content_Types].xml"  # readers look for it at the front
_THE_DAY = (1980, 1, 1, 0, 0, 0)


def canonical_zip(content: bytes) -> bytes:
    """Give the archive with sorted entries, one fixed date and no traces of the computer it was made on."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda one: (one != _FIRST, one)):
            entry = zipfile.ZipInfo(name, _THE_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))
    return out.getvalue()
