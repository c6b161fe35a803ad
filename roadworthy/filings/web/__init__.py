"""What people and programs see of filings.

The console's pages (`console`), and the JSON API: papers (`api`), sending them (`sending`), their documents
(`documents`).
"""

from fastapi import APIRouter

from roadworthy.filings.web import documents, sending
from roadworthy.filings.web.api import router as api
from roadworthy.filings.web.console import console

# One list for the roof: by now `sending` and `documents` have put their routes beside those of the API.
router = APIRouter()
router.routes.extend([*api.routes, *console.routes])

__all__ = ["console", "documents", "router", "sending"]
