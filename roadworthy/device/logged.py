"""Whether an assignment lies under a signed checkpoint of the log: before that, a vehicle is told to come back."""

from roadworthy.database import View
from roadworthy.transparency import store as log_store


def is_logged(view: View, assignment_id: str) -> bool:
    """Whether the event that made this assignment is under the newest signed checkpoint."""
    event_id = log_store.event_of_row(view, "assignment", assignment_id)
    return event_id is not None and log_store.is_under_checkpoint(view, event_id)
