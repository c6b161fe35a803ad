"""What people and programs see of filings.

The console's pages (`console`), and the JSON API: papers (`api`), sending them (`sending`), their documents
(`documents`).
"""

from roadworthy.filings.web import documents, sending
from roadworthy.filings.web.api import router
from roadworthy.filings.web.console import console

__all__ = ["console", "documents", "router", "sending"]
