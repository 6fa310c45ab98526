from __future__ import annotations

import io
import json
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from tests.study.lake_study import fill

from tmescope.horizon.frozen import find_leaks
from tmescope.simulate.literature_records import write_records
from tmescope.store.lake import create_lake, open_lake
from tmescope.store.lake_schemas import LakeBatch, document_schema, mention_schema, trial_schema


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The folder of a lake of one file a year, and its truth."""
    path = tmp_path_factory.mktemp("trends") / "horizon"
    return path, fill(path)


@pytest.fixture(scope="module")
def lake(filled):
    return filled[0]


@pytest.fixture(scope="module")
def literature(filled):
    return filled[1]


def test_rising_entities_of_a_lake_are_told_with_their_documents(lake, literature, tmescope) -> None:
    said = tmescope("horizon", "trends", "--lake", lake, "--since", "2017", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    top = [row["entity_id"] for row in found["trends"][:6]]
    assert (literature.entities.loc[top, "slope"] > 0).mean() > 0.8
    names = literature.entities["name"]
    assert all(row["name"] == names[row["entity_id"]] for row in found["trends"])
    planted = {tuple(sorted(p)) for p in zip(literature.pairs["entity_a"], literature.pairs["entity_b"], strict=True)}
    assert tuple(sorted((found["pairs"][0]["entity_a"], found["pairs"][0]["entity_b"]))) in planted
    assert {"counts", "novel", "lead_times", "lead_curve"} <= set(found)
    # every number opens to its documents
    count = next(c for c in found["counts"] if c["entity_id"] == top[0] and c["n"] > 2 and c["kind"] == "paper")
    said = tmescope("horizon", "trends", "-l", lake, "--documents", top[0], "--quarter", count["quarter"], "--json")
    documents = json.loads(said.out)["documents"]
    assert sum(d["kind"] == "paper" for d in documents) == count["n"]
    assert all(d["title"] for d in documents)


@pytest.mark.parametrize("since", ["2017", "2018-04"])
def test_the_documents_of_an_entity_are_those_that_the_ranking_counts(lake, tmescope, since) -> None:
    call = ("horizon", "trends", "-l", lake, "--since", since)
    ranked = pd.read_csv(io.StringIO(tmescope(*call, "--csv").out)).head(3)
    for row in ranked.itertuples():
        listed = pd.DataFrame(json.loads(tmescope(*call, "--documents", row.entity_id, "--json").out)["documents"])
        numbers = listed["kind"].value_counts().reindex(["paper", "review", "preprint", "trial"], fill_value=0)
        assert numbers.tolist() == [row.n_documents, row.n_reviews, row.n_preprints, row.n_trials]


def test_the_table_reads_well_and_as_csv(lake, filled, tmescope) -> None:
    said = tmescope("horizon", "trends", "-l", lake, "--since", "2017-04", "--type", "drug")
    assert said.code == 0, said.err
    names = filled[1].entities["name"]
    table = next(part for part in said.out.split("\n\n") if part.startswith("named together"))
    assert table.splitlines()[1].split()[:4] == ["name", "a", "name", "b"]
    first = table.splitlines()[2]
    assert sum(name in first for name in names) >= 2 and not any(entity in first for entity in names.index)
    assert "rising" in said.out and "notice: Slopes rest on" in said.out and "Not complete, and left out" in said.out
    said = tmescope("horizon", "trends", "-l", lake, "--since", "2017", "--type", "drug", "--csv")
    table = pd.read_csv(io.StringIO(said.out))
    assert (table["entity_type"] == "drug").all() and table["rank"].is_monotonic_increasing


def test_a_focus_counts_among_its_documents(lake, literature, tmescope, tmp_path) -> None:
    heart = literature.entities.index[3]
    area = tmp_path / "own.toml"
    area.write_text(
        f'format = 1\nname = "own"\ntitle = "Own"\nversion = "1"\nsummary = "s"\nlimits = "none"\n'
        f'words = ["no such word*"]\n'
        f'entities = [{{ id = "{heart}", name = "heart" }}]\n'
    )
    said = tmescope("horizon", "trends", "-l", lake, "--since", "2017", "--focus", area, "--csv", "--table", "counts")
    assert said.code == 0, said.err
    table = pd.read_csv(io.StringIO(said.out))
    own = table[table["entity_id"] == heart]
    assert len(own) and (own["n"] == own["corpus"]).all()
    said = tmescope("horizon", "trends", "-l", lake, "--focus", "ageing")
    assert said.code == 2 and "no document of the lake belongs to 'ageing'" in said.err


def test_a_backtest_of_a_lake(lake, tmescope) -> None:
    call = ("horizon", "backtest", "-l", lake, "--freeze", "2019-12", "--since", "2017", "--quarters", "7")
    said = tmescope(*call, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["frozen_on"], found["judged_from"], found["judged_until"]) == ("2019-12-31", "2020Q1", "2021Q3")
    at = {row["ranking"]: row for row in found["backtest"] if row["outcome"] == "grew" and row["k"] == 10}
    assert at["tmescope"]["n_hits"] > max(at["total_count"]["n_hits"], at["last_year_count"]["n_hits"])
    assert "random" in tmescope(*call).out
    assert tmescope(*call, "--csv").out.startswith("frozen_on,outcome,ranking,k")


def test_a_name_that_was_given_later_reaches_no_backtest(literature, tmp_path, tmescope) -> None:
    made = create_lake(tmp_path / "horizon")
    heart = literature.entities.index[3]
    for first in range(0, 20, 4):
        records = [write_records(literature, q) for q in literature.quarters(first, first + 4)]
        (source := tmp_path / f"year-{first}.txt").write_text(f"simulated year {first}")
        documents = pa.Table.from_pylist([d for r in records for d in r.documents], schema=document_schema())
        trials = pa.Table.from_pylist([t for r in records for t in r.trials], schema=trial_schema())
        part = made.add(source, [LakeBatch(documents, trials)], source="simulated").part
        rows = [m for r in records for m in r.mentions]
        late = [{**m, "known_since": date(2020, 3, 1) if m["entity_id"] == heart else None} for m in rows]
        made.add_mentions(part, "ab" * 8, pa.Table.from_pylist(late, schema=mention_schema()))
    made.close()
    call = ("horizon", "backtest", "-l", made.path, "--freeze", "2019-12", "--since", "2017", "--quarters", "7")
    said = tmescope(*call, "--json")
    assert said.code == 0, said.err
    assert heart not in {row["entity_id"] for row in json.loads(said.out)["entities"]}
    assert open_lake(made.path).as_of(date(2020, 3, 1)).execute(
        "SELECT count(*) > 0 FROM mentions WHERE entity_id = ?", [heart]
    ).fetchone() == (True,)


def test_the_lake_as_of_a_day_has_no_leak(lake) -> None:
    day = date(2019, 8, 15)
    opened = open_lake(lake)
    assert find_leaks(opened.as_of(day), day) == ()
    assert {leak.what for leak in find_leaks(opened.connect(), day)} >= {"document", "trial"}
    opened.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("trends", "--since", "soon"), "'soon' is no day"),
        (("trends", "--csv", "--json"), "--csv and --json"),
        (("backtest", "--freeze", "2021-13"), "'2021-13' is no day"),
        (("backtest", "--freeze", "2021-06", "--since", "2017"), "complete until"),
        (("trends", "--documents", "Simdrug-9999"), "Simdrug-9999"),
    ],
)
def test_what_makes_no_sense_is_refused(lake, tmescope, arguments, told) -> None:
    said = tmescope("horizon", *arguments, "-l", lake)
    assert said.code == 2
    assert told in said.err
