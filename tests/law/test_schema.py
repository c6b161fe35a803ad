"""The published JSON Schema describes the shipped packs, and refuses what the loader refuses by shape."""

import json
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest

from roadworthy.law.load import SHIPPED, read_files

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "rulepack.schema.json").read_text())
PACKS = {name: raw for name, raw in read_files(SHIPPED).items() if raw["schema"] == "rulepack/1"}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", PACKS)
def test_each_shipped_pack_has_the_published_shape(name):
    assert [error.message for error in VALIDATOR.iter_errors(PACKS[name])] == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda pack: pack.update(colour="red"),
        lambda pack: pack.pop("verified_by"),
        lambda pack: pack.update(status="perhaps"),
        lambda pack: pack["gates"][0].pop("cites"),
        lambda pack: pack["gates"][0].update(cites=[]),
        lambda pack: pack["gates"][0]["title"].pop("zh"),
        lambda pack: pack["gates"][0].update(open={"a": {"like": 1}}),
        lambda pack: pack["gates"][0].update(open={"all": []}),
        lambda pack: pack["gates"][0].update(open={"a": {"eq": 1}, "b": {"eq": 2}}),
    ],
)
def test_the_schema_refuses_what_no_pack_may_be(edit):
    pack = deepcopy(PACKS["cn/samr.yaml"])
    edit(pack)

    assert not VALIDATOR.is_valid(pack)
