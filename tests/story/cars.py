"""A car, once as the reference vehicle (TUF, attests what it runs) and once as a plain DDI client (only reports)."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

from roadworthy.kernel.time import Time
from roadworthy.vehicle.agent import Agent, Outcome, Status
from roadworthy.vehicle.provisioning import parse_provisioning

if TYPE_CHECKING:
    from tests.story.world import World


class Car:
    """One provisioned car of the fleet."""

    def __init__(self, world: "World", document: Mapping[str, Any]) -> None:
        self.world = world
        self.document = document
        self.vin: str = document["vin"]
        self.id: str = document["vehicle"]
        self._headers = {"authorization": f"TargetToken {document['token']}"}

    @cached_property
    def agent(self) -> Agent:
        """Give the reference vehicle, which lives by the story's clock."""
        return self.agent_at(self.world.time)

    def agent_at(self, time: Time) -> Agent:
        """Give the same vehicle with a clock of its own."""
        vehicle = parse_provisioning({**self.document, **self.world.trust()})
        return Agent(vehicle, self.world.home / "cars" / self.vin, time=time, pool=self.world.pool)

    def poll(self) -> Outcome:
        """Poll once as the reference vehicle."""
        return self.agent.cycle()

    def update(self) -> Outcome:
        """Poll until there is an outcome: at first contact the assignment has to get into the log."""
        outcome = self.poll()
        if outcome.status is Status.COME_BACK:
            self.world.tick()
            outcome = self.poll()
        return outcome

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the car's token."""
        headers = self._headers | options.pop("headers", {})
        return self.world.http.request(method, path, headers=headers, **options)

    def ddi(self, path: str = "") -> str:
        return f"/DEFAULT/controller/v1/{self.vin}{path}"

    def base(self) -> dict[str, str]:
        """Give the links of the base document."""
        answer = self.ask("GET", self.ddi())
        assert answer.status_code == 200, answer.text
        return {name: link["href"] for name, link in answer.json()["_links"].items()}

    def offered(self) -> "Offered":
        """Poll over DDI until a deployment is offered; give its addresses."""
        if "deploymentBase" not in self.base():
            self.world.tick()
        deployment = self.base()["deploymentBase"]
        document = self.ask("GET", deployment).json()
        artifact = document["deployment"]["chunks"][0]["artifacts"][0]
        return Offered(int(document["id"]), deployment, artifact["_links"]["download-http"]["href"], artifact)

    def feedback(self, number: int, execution: str, finished: str = "none") -> httpx.Response:
        """Say over DDI how the deployment goes."""
        body = {"id": str(number), "status": {"execution": execution, "result": {"finished": finished}, "details": []}}
        return self.ask("POST", self.ddi(f"/deploymentBase/{number}/feedback"), json=body)

    def director(self, filename: str) -> httpx.Response:
        """Ask for a file of this car's Director repository."""
        return self.ask("GET", f"/uptane/vehicle/{self.vin}/director/metadata/{filename}")

    def ordered(self) -> dict[str, Any]:
        """Give the targets that a fresh Director timestamp leads to; empty when nothing is to be installed."""
        timestamp = self.director("timestamp.json")
        assert timestamp.status_code == 200, timestamp.text
        version = timestamp.json()["signed"]["meta"]["snapshot.json"]["version"]
        return self.director(f"{version}.targets.json").json()["signed"]["targets"]

    def image(self, package: Mapping[str, Any], method: str = "GET") -> httpx.Response:
        """Ask for the bytes of a package in the image repository."""
        folder, _, name = package["path"].rpartition("/")
        return self.ask(method, f"/uptane/image/targets/{folder}/{package['sha256']}.{name}")


class Offered:
    """A deployment as DDI shows it."""

    def __init__(self, number: int, deployment: str, download: str, artifact: Mapping[str, Any]) -> None:
        self.number = number
        self.deployment = deployment
        self.download = download
        self.artifact = artifact
