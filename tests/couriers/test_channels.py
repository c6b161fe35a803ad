"""Channels are chosen by a URI; a wrong one says how to write it."""

import pytest

from roadworthy.couriers.channels import ChannelUnusable, Surroundings, open_courier
from roadworthy.couriers.mailbox import MailServer
from roadworthy.couriers.portal import Portal
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.storage import ArtifactStore
from tests.conftest import START

PORTALS = {"miit": Portal("miit", Text("备案系统", "filing system"), "https://portal.example", ())}


@pytest.fixture
def around(tmp_path):
    mail = MailServer("mail.qilin.example", 587, "filing@qilin.example")
    return Surroundings(ArtifactStore(tmp_path), SetTime(START), PORTALS, mail, lambda name: f"secret of {name}")


@pytest.mark.parametrize(
    ("uri", "channel"),
    [
        ("print:", "print:"),
        ("portal:miit", "portal:miit"),
        ("folder:/srv/outgoing%20mail", "folder:/srv/outgoing mail"),
        (
            "mailto:vrecall@authority.example,copy@authority.example",
            "mailto:vrecall@authority.example,copy@authority.example",
        ),
        ("smtp://us@mail.example:2525?from=us@a.example&to=them@b.example", "mailto:them@b.example"),
        ("smtps://mail.example?from=us@a.example&to=them@b.example", "mailto:them@b.example"),
        ("https://authority.example/submissions", "https://authority.example/submissions"),
        ("http://127.0.0.1:8099/submissions", "http://127.0.0.1/submissions"),
    ],
)
def test_each_scheme_opens_its_courier_and_shows_no_secret(around, uri, channel):
    opened = open_courier("SAMR", uri, around)
    assert opened.channel == channel
    assert "secret" not in opened.channel


@pytest.mark.parametrize(
    "uri",
    [
        "", "fax:123", "portal:unknown", "folder:relative", "folder://host/x", "mailto:", "mailto:nobody",
        "mailto:a@b.example\r\nBcc:x@y.example", "smtp://u:password@h?from=a@b.example&to=c@d.example",
        "smtp://h?from=a@b.example", "smtp://h?to=a@b.example", "smtp://h?from=a@b.c&to=c@d.e&x=y", "smtp://h:port?x",
        "http://authority.example/x", "https://u:p@authority.example/x", "https://authority.example/x?token=1", "https:///x",
        "https://[::1",
    ],
)  # fmt: skip
def test_a_uri_that_cannot_be_used_names_the_channel_and_the_remedy(around, uri):
    with pytest.raises(ChannelUnusable, match=r"^channel SAMR: ") as refused:
        open_courier("SAMR", uri, around)
    assert "password" not in uri or "password@" not in refused.value.message


def test_mailto_needs_the_mail_server_of_the_company(tmp_path):
    with pytest.raises(ChannelUnusable, match="mail server first"):
        open_courier("SAMR", "mailto:a@b.example", Surroundings(ArtifactStore(tmp_path), SetTime(START)))
