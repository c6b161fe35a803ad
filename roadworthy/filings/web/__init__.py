"""What people and programs see of filings.

The console's pages (`console`), and the JSON API: papers (`api`), sending them (`sending`), their documents
(`documents`).
"""

from fastapi import APIRouter

from roadworthy.filings.web import documents, sending
from roadworthy.filings.web.api import router as api
from roadworthy.filings.web.console import console

# The other modules have put their routes on the API's by now.
router = APIRouter()
router.include_router(api)
router.include_router(console)

__all__ = ["console", "documents", "router", "sending"]
