"""JSON API of filings: papers (`api`), sending them (`sending`), and their documents (`documents`)."""

from roadworthy.filings.web.api import router
from roadworthy.filings.web.documents import router as documents_router
from roadworthy.filings.web.sending import router as sending_router

router.include_router(documents_router)
router.include_router(sending_router)

__all__ = ["router"]
