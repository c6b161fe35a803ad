"""Whether an assignment lies under a signed checkpoint of the log: before that, a vehicle is told to come back."""

from roadworthy.database import View
from roadworthy.database.history import newest_event
from roadworthy.transparency import store as log_store


def is_logged(view: View, assignment_id: str) -> bool:
    """Whether the event that made this assignment is under the newest signed checkpoint."""
    event_id = newest_event(view, "assignment.made", assignment_id)
    if event_id is None:
        return False
    place, last = log_store.place_of(view, event_id), log_store.last_checkpoint(view)
    return place is not None and last is not None and place.idx < last.size
