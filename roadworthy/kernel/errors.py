"""Three families of errors, by who must act.

    RoadworthyError
    |-- Refused      the user must supply something first           HTTP 409 (403 for NotPermitted)
    |   `-- NotPermitted   another person must do it
    |-- Unusable     the caller must correct the request            HTTP 422 (400, 401, 404 by subclass)
    |   |-- Malformed      not readable at all                      HTTP 400
    |   |-- SignInNeeded   nobody is signed in                      HTTP 401
    |   `-- NotFound       no such thing                            HTTP 404
    `-- Broken       we must act: an alarm, never the user's fault  HTTP 500

A subclass's docstring is its default message; a message says what to do next.
"""

from collections.abc import Sequence
from typing import ClassVar

from roadworthy.kernel.decision import Finding


class RoadworthyError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", *, code: str = "", findings: Sequence[Finding] = (), at: str = "") -> None:
        """Carry a message, a stable machine code, findings with their fixes, and where in the input (`at`)."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.error_code = code or type(self).code
        self.findings = tuple(findings)
        self.at = at
        super().__init__(self.message)


class Refused(RoadworthyError):
    """The action is refused until what is missing has been supplied."""

    status = 409
    code = "refused"


class NotPermitted(Refused):
    """Another person must do this; ask somebody who holds the role."""

    status = 403
    code = "not_permitted"


class Unusable(RoadworthyError):
    """The request cannot be used as it is; correct it and send it again."""

    status = 422
    code = "unusable"


class Malformed(Unusable):
    """The input cannot be read; check its format and send it again."""

    status = 400
    code = "malformed"


class SignInNeeded(Unusable):
    """Sign in first, or send a valid API token."""

    status = 401
    code = "sign_in_needed"


class NotFound(Unusable):
    """There is no such thing; check the id."""

    status = 404
    code = "not_found"


class Broken(RoadworthyError):
    """Roadworthy itself failed; the operators have been told. Try again, or report the event id."""

    status = 500
    code = "broken"
