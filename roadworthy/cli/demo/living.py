"""After the story: the demo goes on, one small release after another, until it is told to end."""

import time
from pathlib import Path

from roadworthy.cli.demo import story
from roadworthy.cli.demo.processes import Processes

_WAVES = [5, 15, 30, 50]
_PAUSE = 20.0


def live(company: story.Company, home: Path, processes: Processes) -> None:
    """Ship a general release every few minutes, wave by wave, so that the console always shows something moving."""
    number = 1
    while True:
        try:
            _one(company, home, processes, number)
        except KeyboardInterrupt:
            return
        number += 1


def _one(company: story.Company, home: Path, processes: Processes, number: int) -> None:
    theme = f"theme-{number}"
    models = ("HY6500A", "HY6500B", "HY7000C")
    upgrade = story.Upgrade("ivi-suite", f"5.3.{number}", models, {"ivi.theme": theme}, False, "IVI")
    release = story.write_release(company, home, upgrade)
    story.file_release(company, release)
    campaign_id = story.campaign(company, f"Cockpit 5.3.{number}", release, _WAVES, filter={"sold": True})
    zhao = company.as_("Zhao Min")
    for step in range(len(_WAVES)):
        zhao.post(f"/api/v1/campaigns/{campaign_id}/{'advance' if step else 'start'}")
        until = time.monotonic() + _PAUSE
        while time.monotonic() < until:
            processes.check()
            time.sleep(1)
    story.wait_until(company, campaign_id, story.settled, 600)
    zhao.post(f"/api/v1/campaigns/{campaign_id}/complete")
