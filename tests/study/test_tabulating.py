from __future__ import annotations

import json

import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.facts.signatures import load_collection, load_signature
from tmescope.foundation.provenance import hash_json
from tmescope.store.horizon_schemas import HORIZON_SCHEMAS
from tmescope.store.tables import SCHEMAS, read_table
from tmescope.store.trend_schemas import TREND_SCHEMAS
from tmescope.study.tabulating import table_step

OF_COHORTS = SCHEMAS.keys() - HORIZON_SCHEMAS.keys() - TREND_SCHEMAS.keys()


def _tabulate(folder, data):
    with opened(folder, data) as context:
        do(context)
        return context, context.ledger.root / "tables"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    data = tiny.study_dict()
    data["profile"] |= {
        "methods": ["zscore", "mcp_counter", "ssgsea_raw"],
        "own_signatures": {"mine": ["GZMA", "BG001", "GZMA"]},
        "parameters": {"ssgsea_raw": {"alpha": 0.5, "threads": 2}},
        "max_unmapped": 1.0,
    }
    del data["cohorts"][1]["licence"]
    _, folder = _tabulate(tmp_path_factory.mktemp("tables"), data)
    return folder


def test_every_table_of_the_contract_is_written_twice(tables):
    assert {p.name for p in tables.iterdir() if not p.name.startswith(".")} == {
        f"{name}.{suffix}" for name in OF_COHORTS for suffix in ("parquet", "csv")
    }
    for name in OF_COHORTS:
        schema = SCHEMAS[name]
        table = read_table(tables / f"{name}.parquet")
        assert tuple(table.columns[: len(schema.columns)]) == tuple(schema.columns)
        assert len(pd.read_csv(tables / f"{name}.csv")) == len(table)


def test_cohorts_stand_one_below_the_other_in_the_order_of_the_study(tables):
    for name in ("cohorts", "samples", "scores", "features", "quality", "gene_mapping", "answers", "curves"):
        ids = read_table(tables / f"{name}.parquet")["cohort_id"].tolist()
        assert ids == sorted(ids)
        assert set(ids) == {"a", "b"}
    assert len(read_table(tables / "samples.parquet")) == 24 + 18


def test_warnings_of_all_steps_come_together_with_those_about_licences(tables):
    warnings = read_table(tables / "warnings.parquet")
    licence = warnings[warnings["code"] == "study.no_licence"]
    assert licence["where"].tolist() == ["b"]
    assert {"genes.missing"} <= set(warnings["code"])


def test_methods_are_told_with_the_parameters_that_decide_the_answer(tables):
    methods = read_table(tables / "methods.parquet").set_index("name")
    assert list(methods.index) == ["zscore", "mcp_counter", "ssgsea_raw"]
    assert json.loads(methods.loc["ssgsea_raw", "parameters"]) == {"alpha": 0.5}
    assert methods.loc["zscore", "scope"] == "cohort"
    assert methods["commercial_use"].all()


def test_signatures_are_told_with_their_hashes(tables):
    signatures = read_table(tables / "signatures.parquet").set_index("name")
    populations = load_collection("mcp_counter")
    assert list(signatures.index) == [*tiny.SIGNATURES, *(p.name for p in populations), "mine"]
    assert signatures.loc["cyt", "sha256"] == load_signature("cyt").sha256
    assert signatures.loc["mine", "n_genes"] == 2
    assert signatures.loc["mine", "category"] == "own"
    assert len(signatures.loc["mine", "sha256"]) == 64


def test_csv_can_be_left_out_and_a_study_may_have_no_signature_of_ours(tmp_path):
    data = tiny.study_dict()
    data["output"]["csv"] = False
    data["endpoints"], data["answers"] = {}, {}
    data["profile"] |= {"methods": ["mcp_counter"], "signatures": [], "max_unmapped": 1.0}
    _, folder = _tabulate(tmp_path, data)
    assert {p.suffix for p in folder.iterdir() if not p.name.startswith(".")} == {".parquet"}
    assert len(read_table(folder / "answers.parquet")) == 0


def test_the_step_depends_on_every_outcome_before_it(tmp_path):
    with opened(tmp_path) as context:
        do(context, "answers")
        before = hash_json(table_step(context).ingredients)
        for name in list(context.outcomes):
            kept = context.outcomes[name]
            context.outcomes[name] = {**kept, "more": "x"}
            assert hash_json(table_step(context).ingredients) != before
            context.outcomes[name] = kept
