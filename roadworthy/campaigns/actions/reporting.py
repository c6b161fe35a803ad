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
from roadworthy.clocks.model import Clock
from roadworthy.clocks.planning import plan_of
from roadworthy.database import Actor, Database, Work
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FORMS, Filing
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

    It is looked for under the subject that the paper names, and under the campaigns of its release. One that runs for
    several authorities ends when all of them have accepted their paper of the matter. A filing without such a clock
    changes nothing; told twice, it ends one clock.
    """
    with database.begin(actor) as work:
        filing = filings_store.load_filing(work, filing_id)
        if not _is_accepted(filing) or clocks_store.satisfied_with(work, filing.id):
            return
        owed = [clock for clock in _running(work, filing) if clock.plan.report == str(filing.kind)]
        # A receipt from before the report was owed acknowledges another one.
        until = end_of_day(parse_date(str(filing.receipt_date)))
        owed = [clock for clock in owed if clock.plan.started_at < until and _all_accepted(work, filing, clock)]
        if owed:
            first = min(owed, key=lambda clock: (clock.plan.due_at, clock.id))
            clocks.satisfy(work, first.id, max(_moment(work, one) for one in _papers(work, filing, first)), filing.id)


def _running(work: Work, filing: Filing) -> list[Clock]:
    subjects = [] if filing.subject_type is None else [(filing.subject_type, str(filing.subject_id))]
    if filing.scope.release_id is not None:
        subjects += [(SUBJECT, one.id) for one in store.of_release(work, filing.scope.release_id)]
    return [clock for subject in dict.fromkeys(subjects) for clock in clocks_store.running_for(work, *subject)]


def _papers(work: Work, filing: Filing, clock: Clock) -> list[Filing]:
    """Give the accepted papers of the matter, of this kind, for the authorities that the clock runs for."""
    group = filings_store.list_filings(work, group_id=filing.group_id, kind=str(filing.kind), limit=500)
    return [
        one for one in group if _is_accepted(one) and (one.id == filing.id or one.authority in clock.plan.recipients)
    ]


def _all_accepted(work: Work, filing: Filing, clock: Clock) -> bool:
    """Whether every authority that gets this kind, and that the clock runs for, has accepted its paper."""
    wanted = {str(one) for one in FORMS[filing.kind].authorities} & set(clock.plan.recipients)
    return wanted <= {str(one.authority) for one in _papers(work, filing, clock)}


def _is_accepted(filing: Filing) -> bool:
    return filing.receipt_date is not None and filing.status in {"accepted", "valid", "closed"}


def _moment(work: Work, filing: Filing) -> datetime:
    """Give when the authority had the paper: when its channel said so, else the day of the receipt."""
    if filing.acknowledged_at is not None:
        return filing.acknowledged_at
    return min(end_of_day(parse_date(str(filing.receipt_date))), work.now)


def _days(work: Work, campaign: Campaign) -> dict[str, str]:
    """Give the facts campaign_start and campaign_end; nothing for a campaign that never started."""
    opened = [wave.opened_at for wave in store.waves(work, campaign.id) if wave.opened_at is not None]
    if not opened:
        return {}
    days = {"campaign_start": beijing_date(min(opened)).isoformat()}
    return days if campaign.ended_at is None else {**days, "campaign_end": beijing_date(campaign.ended_at).isoformat()}
