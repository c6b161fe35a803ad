"""The reports that a campaign owes: their clocks start with it and end with the authority's receipt.

1. Started: a stage report each six months (EIDC22-4d). 2. Completed or stopped: the implementation report within five
working days (EIDC22-4c); a stage whose time had not come falls away. 3. A receipt of such a report ends its clock.
Which reports there are, and by when, say the packs; nothing here knows a number.
"""

from datetime import datetime, time

from roadworthy.campaigns import store
from roadworthy.campaigns.model import Campaign
from roadworthy.clocks import actions as clocks
from roadworthy.clocks import store as clocks_store
from roadworthy.clocks.planning import plan_of
from roadworthy.database import Actor, Database, Work
from roadworthy.filings import store as filings_store
from roadworthy.kernel.time import BEIJING, beijing_date, parse_date
from roadworthy.law.calendar import end_of_day
from roadworthy.releases import actions as releases
from roadworthy.releases.actions import Regime

SUBJECT = "campaign"
_DAY_OF = {"start": "campaign_start", "completion": "campaign_end"}


def start_clocks(work: Work, regime: Regime, campaign: Campaign) -> None:
    """Start the clock of every report that `campaign` owes as it stands; one that was started once is left alone.

    The facts are those that its gate was opened on last. Raises YearUnknown beyond the calendar.
    """
    days = _days(work, campaign)
    wanted = set()
    facts = [store.decision_basis(work, one.id)[0] for one in store.last_decisions(work, campaign.id)] if days else []
    for row in releases.owed(work, regime, facts, days):
        if row["basis"] not in _DAY_OF:
            continue
        begin = datetime.combine(parse_date(days[_DAY_OF[row["basis"]]]), time(), BEIJING)
        plan = plan_of(row, SUBJECT, campaign.id, begin)
        wanted.add(plan.key)
        if clocks_store.newest(work, plan.key) is None:
            clocks.start(work, plan)
    if campaign.ended_at is not None:
        for running in clocks_store.running_for(work, SUBJECT, campaign.id):
            if running.plan.key not in wanted:
                clocks.cancel(work, running.id, "The campaign ended before this time.")


def start_due_clocks(database: Database, actor: Actor, regime: Regime, campaign_id: str = "") -> None:
    """Look at one campaign, or at every running one: it may have ended, or a further period may have begun."""
    with database.read() as view:
        ids = [campaign_id] if campaign_id else [campaign.id for campaign in store.running(view)]
    for one in ids:
        with database.begin(actor) as work:
            start_clocks(work, regime, store.lock(work, one))


def acknowledge(database: Database, actor: Actor, filing_id: str) -> None:
    """End the clock of the report that an accepted filing is; the earliest one, when several of its kind run.

    A filing of another kind, or of a release without such a clock, changes nothing; told twice, it ends one clock.
    """
    with database.begin(actor) as work:
        filing = filings_store.load_filing(work, filing_id)
        release_id, day = filing.scope.release_id, filing.receipt_date
        if release_id is None or day is None or filing.status != "accepted":
            return
        ours = store.of_release(work, release_id)
        if clocks_store.satisfied_with(work, filing.id):
            return
        running = [clock for one in ours for clock in clocks_store.running_for(work, SUBJECT, one.id)]
        owed = [clock for clock in running if clock.plan.report == str(filing.kind)]
        if owed:
            first = min(owed, key=lambda clock: (clock.plan.due_at, clock.id))
            clocks.satisfy(work, first.id, min(end_of_day(parse_date(day)), work.now), filing.id)


def _days(work: Work, campaign: Campaign) -> dict[str, str]:
    """Give the facts campaign_start and campaign_end; nothing for a campaign that never started."""
    opened = [wave.opened_at for wave in store.waves(work, campaign.id) if wave.opened_at is not None]
    if not opened:
        return {}
    days = {"campaign_start": beijing_date(min(opened)).isoformat()}
    return days if campaign.ended_at is None else {**days, "campaign_end": beijing_date(campaign.ended_at).isoformat()}
