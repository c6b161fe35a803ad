"""What a person can do on a page: a button with its confirmation, or the reason why it cannot be done now."""

from dataclasses import dataclass, field

from roadworthy.kernel.decision import Text


@dataclass(frozen=True)
class Verb:
    """What a person could do now; posted to {the page's address}/{name}, with `reason` when `asks_reason`.

    A verb that is not `enabled` is shown with the `reason` why. `consequence` is the sentence to confirm. `typed`
    asks the person to type the thing's id into `confirm` (irreversible acts; the route checks it). `asks_day` offers
    a day in Beijing, as `day`, from which it counts.
    """

    name: str
    label: Text
    enabled: bool = True
    reason: Text = field(default_factory=lambda: Text("", ""))
    consequence: Text = field(default_factory=lambda: Text("", ""))
    asks_reason: bool = False
    typed: bool = False
    primary: bool = False
    asks_day: bool = False
