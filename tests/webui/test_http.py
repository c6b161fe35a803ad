"""Errors for programs and for people, static files, fragments."""

import gzip
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.webui import assets, http, menu

LIVE = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#campaign-live"}
TABLE = LIVE | {"hx-target": "div#vehicles"}


def test_programs_get_problem_json_and_browsers_a_page(client):
    program = client.get("/campaigns/nobody", headers={"accept": "*/*"})
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["code"] == "not_found"
    person = client.get("/campaigns/nobody")
    assert person.status_code == 404
    assert "There is no such page" in person.text
    assert "没有这个页面" in client.get("/campaigns/nobody", headers={"accept-language": "zh-CN"}).text


def test_a_refusal_shows_findings_with_clause_and_next_step_in_the_readers_language(client, demo):
    where = f"/campaigns/{demo.BLOCKED}/refuse"
    page = client.post(where)
    assert page.status_code == 409
    for part in ("No change permit.", "N45-7b", "Apply for the permit."):
        assert part in page.text
    assert "变更批准未取得。" in client.post(where, headers={"accept-language": "zh"}).text
    assert client.post(where, headers={"accept": "application/json"}).json()["findings"][0]["code"] == "PARAM"


def test_an_unforeseen_fault_tells_nothing_of_the_inside(client):
    for accept in ("text/html", "application/json"):
        answer = client.get("/broken", headers={"accept": accept})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "RuntimeError" not in answer.text
    assert answer.json()["code"] == "broken"


def test_htmx_gets_a_banner_for_the_notice_place_and_is_led_to_sign_in(client, demo):
    banner = client.get("/campaigns/nobody", headers=LIVE)
    assert banner.headers["hx-retarget"] == "#notice"
    assert "<html" not in banner.text
    led = client.get("/mine", headers=LIVE)
    assert (led.status_code, led.headers["hx-redirect"]) == (401, "/sign-in")


def test_unknown_methods_and_addresses_are_pages_too(client):
    assert "This cannot be done at this address" in client.delete("/campaigns").text
    assert client.get("/campaigns/a/b/c").status_code == 404


def test_sign_in_needed_remembers_where_one_wanted_to_go(client):
    assert client.get("/mine?a=1&b=2").headers["location"] == "/sign-in?next=/mine%3Fa%3D1%26b%3D2"


def test_a_fragment_is_only_its_region_and_the_same_address_is_a_full_page(client, demo):
    where = f"/campaigns/{demo.BLOCKED}"
    assert client.get(where).text.lstrip().startswith("<!doctype html>")
    live, table = client.get(where, headers=LIVE), client.get(where, headers=TABLE)
    assert live.text.count('id="campaign-live"') == 1
    assert 'id="vehicles"' not in live.text
    assert table.text.count('id="vehicles"') == 1
    assert "campaign-live" not in table.text
    full = client.get(where, headers=LIVE | {"hx-request-type": "full"})
    assert "<html" in full.text
    assert "HX-Request" in live.headers["vary"]


def test_live_region_answers_304_until_something_changes(client, demo):
    where = f"/campaigns/{demo.RUNNING}"
    carried = re.search(r'data-etag="([^"]+)"', client.get(where).text).group(1).replace("&#34;", '"')
    assert client.get(where, headers=LIVE | {"if-none-match": carried}).status_code == 304
    client.app.state.status[demo.RUNNING] = "paused"
    assert client.get(where, headers=LIVE | {"if-none-match": carried}).status_code == 200


def test_pages_with_vins_are_never_stored(client, demo):
    assert client.get(f"/campaigns/{demo.BLOCKED}").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["wave=x", "wave=-1", "wave=١", "limit=0", "limit=501", "limit=1e3"])
def test_a_filter_that_is_no_number_is_malformed(client, demo, query):
    answer = client.get(f"/campaigns/{demo.BLOCKED}?{query}", headers={"accept": "*/*"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_static_files_are_kept_for_ever_under_their_hash_and_served_compressed(client):
    where = assets.address("console.css")
    answer = client.get(where, headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.get(where, headers={"accept-encoding": "identity"})
    assert plain.content == answer.content == assets.assets()["console.css"].body
    assert client.get("/static/old/console.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/x/%2e%2e/http.py").status_code == 404


def test_own_modules_stay_under_two_kilobytes_and_never_evaluate_text():
    for name, asset in assets.assets().items():
        if name.startswith("js/"):
            assert len(asset.packed) < 2048
            assert not re.search(rb"\beval\(|new Function|innerHTML", asset.body)


def test_templates_use_no_attribute_that_needs_eval():
    for path in (Path(http.__file__).parents[1]).rglob("templates/**/*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r'hx-on|hx-live|js:|javascript:|<script>|\son\w+="', text), path


@pytest.mark.parametrize(
    "folder", [assets.FOLDER / "vendor", Path(__file__).parents[1] / "browser" / "vendor"], ids=["webui", "tests"]
)
def test_vendored_files_are_the_ones_their_readme_names(folder):
    listed = re.findall(r"\| `([^`]+\.js)` .*`([0-9a-f]{64})` \|", (folder / "README.md").read_text("utf-8"))
    assert dict(listed) == {p.name: sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.js")}


def test_the_menu_knows_its_sections_and_shows_registered_ones_only(client):
    page = client.get("/campaigns").text
    assert 'href="/campaigns" aria-current="page"' in page
    assert "Incidents" not in page
    with pytest.raises(Broken, match="no section 'nowhere'"):
        menu.register("nowhere", "/nowhere")


def test_front_page_leads_to_the_first_section(client, monkeypatch):
    monkeypatch.setattr(menu, "_registered", {"campaigns": ("/campaigns", None)})
    assert client.get("/").headers["location"] == "/campaigns"
    menu.register("duties", "/duties")
    assert client.get("/").headers["location"] == "/duties"


@given(st.integers())
def test_page_limit_refuses_what_it_would_have_to_cap(limit):
    if 1 <= limit <= http.MAX_PAGE:
        assert http.page_limit(limit) == limit
    else:
        with pytest.raises(Malformed):
            http.page_limit(limit)


@given(st.integers(0, 40), st.integers(1, 40))
def test_page_names_the_next_key_only_when_there_is_more(count, limit):
    read = [{"id": n} for n in range(min(count, limit + 1))]
    shaped = http.page(read, limit)
    assert len(shaped["items"]) == min(count, limit)
    assert shaped["next"] == (limit - 1 if count > limit else None)


def test_answers_are_compressed_only_for_those_who_ask(client, demo):
    where = f"/campaigns/{demo.BLOCKED}"
    packed = client.get(where, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get(where, headers={"accept-encoding": "gzip;q=0"}).headers
    assert len(gzip.compress(packed.content)) < 12_000
