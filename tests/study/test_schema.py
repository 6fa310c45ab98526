from __future__ import annotations

import re

import pytest

from tmescope.study.schema import FeatureColumn, FeatureTable, Study
from tmescope.study.schema_parts import DialectKeys


def _objects(schema):
    yield schema
    yield from schema["$defs"].values()


def test_every_key_is_described_for_editors():
    schema = Study.model_json_schema()
    missing = [
        f"{part['title']}.{name}"
        for part in _objects(schema)
        for name, key in part.get("properties", {}).items()
        if "description" not in key and "$ref" not in str(key)
    ]
    assert missing == []


def test_unknown_keys_are_refused_everywhere():
    assert all(part.get("additionalProperties") is False for part in _objects(Study.model_json_schema()))


def test_rules_of_single_cohorts_replace_the_general_one(tiny, tmp_path):
    from tmescope.study.loading import parse_study

    data = tiny.study_dict()
    data["endpoints"]["response"]["cohorts"] = {
        "b": {"rule": "source-defined", "column": "r", "responder": ["R"], "non_responder": ["NR"]}
    }
    data["endpoints"]["os"]["not_in"] = ["b"]
    study = parse_study(data, folder=tmp_path)
    assert study.endpoints["response"].rule_for("a").column == "recist"
    assert study.endpoints["response"].rule_for("b").rule == "source-defined"
    assert study.endpoints["os"].rule_for("b") is None


def test_a_dialect_of_features_belongs_to_their_file():
    columns = {"tmb": FeatureColumn(column="tmb")}
    assert FeatureTable(file="f.csv", numeric=columns, dialect=DialectKeys(decimal=",")).dialect is not None
    with pytest.raises(ValueError, match="has a dialect and no file"):
        FeatureTable(numeric=columns, dialect=DialectKeys(decimal=","))


def test_ids_that_become_file_names_are_plain():
    pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
    assert not pattern.fullmatch("../x")
    assert pattern.fullmatch("liu2019_melanoma-pd1.v2")
