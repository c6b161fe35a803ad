"""JSON API of filings: papers (`api`), sending them (`sending`), and their documents (`documents`)."""

from roadworthy.filings.web import documents, sending
from roadworthy.filings.web.api import router

__all__ = ["documents", "router", "sending"]
