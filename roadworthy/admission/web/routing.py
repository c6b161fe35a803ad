"""The one router of admission, and who is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from roadworthy.database import Actor
from roadworthy.webui.http import signed_in

router = APIRouter(prefix="/api/v1", tags=["admission"])
SignedIn = Annotated[Actor, Depends(signed_in)]
