"""A filled form as a paper: DOCX to edit, XLSX to count with, PDF/A to print, stamp and keep, JSON for machines.

The Chinese paper is the official one, the English one a courtesy copy and marked as such. Each page ends with form,
version, digest of the data and a QR code that leads a stamped scan back to its record. The same data give the same
bytes. Knows forms (`law`) and words (`i18n`), no room, no clock, no database.
"""

from roadworthy.documents.interface import Drawn, Kind, RecordRef, draw

__all__ = ["Drawn", "Kind", "RecordRef", "draw"]
