"""The law as dated data, and what follows from it: pure, no clock, no I/O but reading the shipped files.

Rule packs say which class an OTA upgrade has (Notice 45 of 2025), which gates stand before it and when each is
open. A fact that is not known never opens a gate; the answer says what is missing and what would change it.
"""

from roadworthy.law.answer import Answer
from roadworthy.law.calendar import Calendar, add_working_days, load_calendar
from roadworthy.law.classify import classify
from roadworthy.law.load import load_packs
from roadworthy.law.packs import Packs

__all__ = ["Answer", "Calendar", "Packs", "add_working_days", "classify", "load_calendar", "load_packs"]
