"""Headers, forged requests, sessions, redirects: what protects the people who use the console."""

import pytest
from starlette.datastructures import Headers

from roadworthy.webui.security import POLICY, forged
from roadworthy.webui.session import local


@pytest.mark.parametrize("path", ["/sign-in", "/campaigns/nobody", "/broken", "/static/x/none.js", "/mine"])
def test_every_answer_carries_the_policy_and_nosniff(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe-eval" not in POLICY
    assert "script-src 'self';" in POLICY


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "https://evil.example", "host": "console.example"}, True),
        ({"origin": "null", "host": "console.example"}, True),
        ({"origin": "https://console.example", "host": "console.example"}, False),
        ({"host": "console.example"}, False),
    ],
)
def test_a_change_asked_for_by_another_site_is_refused(headers, refused):
    assert forged("POST", Headers(headers)) is refused
    assert not forged("GET", Headers(headers))


def test_a_forged_verb_never_reaches_the_campaign(client, demo):
    where = f"/campaigns/{demo.RUNNING}/pause"
    answer = client.post(where, data={"reason": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert client.app.state.done == []
    assert client.post(where, data={"reason": "x"}, headers={"sec-fetch-site": "same-origin"}).status_code == 303
    assert client.app.state.done == [(demo.RUNNING, "pause", "x")]


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)
def test_sign_in_never_leads_to_another_site(client, target):
    assert local(target) == "/"
    answer = client.post("/sign-in", data={"token": "secret-of-lin", "next": target})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_session_cookie_is_http_only_same_site_strict_and_secure_over_https(client):
    cookie = client.post("/sign-in", data={"token": " secret-of-lin "}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    answer = client.over_https().post("/sign-in", data={"token": "secret-of-lin"})
    assert "Secure" in answer.headers["set-cookie"]


def test_wrong_token_gives_the_form_again_and_no_session(client):
    answer = client.post("/sign-in", data={"token": "guess"})
    assert answer.status_code == 401
    assert "This token is not valid." in answer.text
    assert "set-cookie" not in answer.headers


def test_sign_out_ends_the_session_on_the_server(client):
    client.post("/sign-in", data={"person": "Lin Qiao, release manager"})
    kept = f"roadworthy_session={client.inner.cookies['roadworthy_session']}"
    assert client.get("/mine").status_code == 200
    client.post("/sign-out")
    assert client.get("/mine", headers={"cookie": kept}).status_code == 303


def test_people_of_the_demo_are_unknown_outside_the_demo(client):
    client.app.state.demo = False
    assert client.post("/sign-in", data={"person": "Lin Qiao, release manager"}).status_code == 401
    assert "Lin Qiao" not in client.get("/sign-in").text


def test_tokens_of_the_cast_are_not_in_the_page(client):
    assert "secret-of" not in client.get("/sign-in").text


def test_what_people_type_is_escaped(client, demo):
    page = client.get(f"/campaigns/{demo.BLOCKED}", params={"vin": '"><script>X'}).text
    assert "<SCRIPT>" not in page
    assert "&lt;SCRIPT&gt;" in page
