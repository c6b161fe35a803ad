"""Pure rules of filings.

1. A filing is complete when its form says so field by field, when its scope names what its kind needs, when form and
   scope say the same, and when it agrees with the other authority's paper of the same matter (`checking`).
2. Somebody other than its author signs it off; everything the submission needs is looked at there, so that nobody
   signs a paper that changes before it goes out (Notice 45 II.1: nobody approves the own work).
3. It is accepted with a receipt: number, date not before the submission, a stored document; by somebody other than
   its author (`entering`).
4. It counts ("valid") while it is valid and its validity has not ended; a returned, refused, suspended, revoked,
   withdrawn, amended or expired one counts as none, like one that does not exist (`counting`).
"""

from roadworthy.filings.rules.checking import Incomplete, differences, document_of, files_missing, findings_of, merged
from roadworthy.filings.rules.counting import best_of, covers, grants, names_upgrade, state_word
from roadworthy.filings.rules.entering import (
    check_author,
    check_facts,
    check_other_person,
    check_other_than,
    check_past,
    check_scope,
    check_sha256,
    check_subject,
)

__all__ = [
    "Incomplete",
    "best_of",
    "check_author",
    "check_facts",
    "check_other_person",
    "check_other_than",
    "check_past",
    "check_scope",
    "check_sha256",
    "check_subject",
    "covers",
    "differences",
    "document_of",
    "files_missing",
    "findings_of",
    "grants",
    "merged",
    "names_upgrade",
    "state_word",
]
