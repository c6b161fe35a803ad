"""What a poll costs, and under which address a vehicle finds its resources."""

import re

import httpx
import pytest
from sqlalchemy import create_engine

from roadworthy.app import create_app
from roadworthy.webui.proxies import TrustedProxies
from tests.doors.house import House, writes

MOST_READS = 18


def reads(statements):
    return [(sql, parameters) for sql, parameters in statements if sql.lstrip().upper().startswith("SELECT")]


def plans(house: House, statements) -> list[str]:
    """What SQLite does for each statement, one line a step."""
    engine = create_engine(house.database.engine.url)
    try:
        with engine.connect() as connection:
            return [
                row[3]
                for sql, parameters in statements
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
            ]
    finally:
        engine.dispose()


def states_of_cars(house: House):
    """Cars in every state in which they poll again and again."""
    idle = next(house.cars)
    waiting, number = house.shipped()
    waiting.get(f"deploymentBase/{number}").raise_for_status()
    reported, number = house.shipped()
    reported.tell(number, "closed", "success").raise_for_status()
    failed, number = house.shipped()
    failed.tell(number, "closed", "failure").raise_for_status()
    return {"idle": idle, "waiting": waiting, "reported": reported, "failed": failed}


def test_a_poll_that_changes_nothing_writes_nothing_and_reads_by_index_only(house: House):
    for name, car in states_of_cars(house).items():
        for path in ("", f"{car.uptane}/metadata/timestamp.json"):
            etag = car.get(path).headers.get("etag", "")  # Uptane: the first call makes the metadata
            with house.statements() as sent:
                answer = car.get(path, headers={"If-None-Match": etag} if etag else {})
            assert answer.status_code == (304 if etag else 200)
            assert writes(sent) == [], name
            asked = reads(sent)
            assert len(asked) <= MOST_READS, f"{name}: {len(asked)} reads"
            # Of these there are few, or the newest is taken: running campaigns by status, the last checkpoint.
            scans = [p for p in plans(house, asked) if "SCAN" in p and not re.search("log_checkpoint|CONSTANT", p)]
            assert scans == [], name


def test_every_link_is_under_the_public_address_and_headers_of_strangers_change_nothing(house: House, offered):
    car, number = offered
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for path in ("", f"deploymentBase/{number}", f"softwaremodules/{number}/artifacts"):
        answer = car.get(path, headers=forged)
        found = re.findall(r'"href":\s*"([^"]+)"', answer.text)
        assert found
        assert all(href.startswith(f"{house.url}{car.base}/") for href in found)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(("peer", "believed"), [("10.1.2.3", True), ("192.0.2.1", False)])
async def test_a_trusted_proxy_alone_says_how_the_vehicle_reached_us(house: House, offered, peer, believed):
    car, _ = offered
    app = create_app(house.opened)
    app.state.base_url = TrustedProxies(["10.0.0.0/8"], house.url).base_url
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(peer, 1)), base_url="http://inside"
    ) as http:
        headers = {**car.token, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "ota.example.com:8443, inner"}
        links = (await http.get(car.base, headers=headers)).json()["_links"]
    base = "https://ota.example.com:8443" if believed else house.url
    assert links["deploymentBase"]["href"].startswith(f"{base}{car.base}/")
