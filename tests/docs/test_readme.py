"""What the READMEs promise: each command exists and takes these options, links lead somewhere, cheap ones run."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from roadworthy.cli.main import app
from roadworthy.signing.keys import CUSTODY
from tools.gen_cli import PAGE, commands, render

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
COMMANDS = dict(commands())
PICTURES = ("docs/pictures/campaign-en.png", "docs/pictures/campaign-zh.png")


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _lines(name: str) -> list[str]:
    """Every shell line of the code blocks, without its remark."""
    blocks = re.findall(r"```sh\n(.*?)```", _text(name), re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


def _said(name: str) -> list[list[str]]:
    """Every `roadworthy ...` of a README, in blocks and in running text, as words."""
    inline = re.findall(r"`(roadworthy [^`]+)`", _text(name))
    return [shlex.split(line) for line in (*inline, *_lines(name)) if line.startswith("roadworthy ")]


@pytest.mark.parametrize("name", READMES)
def test_every_command_named_exists_and_takes_the_options_named(name):
    said = _said(name)
    assert len(said) > 15
    for words in said:
        path = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in COMMANDS), None)
        assert path is not None, words
        known = {opt for p in COMMANDS[path].params for opt in p.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= known, words


@pytest.mark.parametrize("name", READMES)
def test_every_make_target_named_exists(name):
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    asked = re.findall(r"(?:^|`)make ([a-z-]+)", _text(name), re.MULTILINE)
    assert {"demo", "test"} <= set(asked) <= targets


@pytest.mark.parametrize("name", [*READMES, "docs/reference/cli.md", "docs/reference/http-api.md"])
def test_every_link_leads_to_a_file(name):
    for target in re.findall(r"\]\(([^)#]+)\)", _text(name)):
        assert target.startswith("https://") or ((ROOT / name).parent / target).exists(), target


def test_both_languages_say_the_same_things():
    english, chinese = (_text(name) for name in READMES)
    for pattern in (r"\]\((tests/[^)]+)\)", r"`(roadworthy [^`]+)`", r"^## ", r"^\| [IVX\d.]+"):
        here, there = re.findall(pattern, english, re.MULTILINE), re.findall(pattern, chinese, re.MULTILINE)
        assert here == there, pattern
    assert [shlex.split(line)[:3] for line in _lines(READMES[0])] == [
        shlex.split(line)[:3] for line in _lines(READMES[1])
    ]


@pytest.mark.parametrize("path", PICTURES)
def test_the_pictures_are_small_enough_to_load_with_the_page(path):
    content = (ROOT / path).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) <= 250_000


def test_the_reference_of_the_command_line_is_current():
    assert (ROOT / PAGE).read_text("utf-8") == render(), "run make docs"


def test_help_of_every_command_can_be_shown():
    for name in COMMANDS:
        answer = CliRunner().invoke(app, [*name.split()[1:], "--help"])
        assert answer.exit_code == 0, answer.output


def test_the_commands_of_an_installation_run(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ROADWORTHY_")]:
        monkeypatch.delenv(name)
    for custody in set(CUSTODY.values()):
        monkeypatch.setenv(f"ROADWORTHY_PASSPHRASE_{custody}", "long enough for a test")
    line = next(words for words in _said("README.md") if words[1] == "init")
    home = str(tmp_path / "home")
    made = CliRunner().invoke(app, [home if word == "/srv/roadworthy" else word for word in line[1:]])
    assert made.exit_code == 0, made.output
    checked = CliRunner().invoke(app, ["verify", "--home", home, "-o", "json"], catch_exceptions=False)
    assert json.loads(checked.output)["ok"] is True
