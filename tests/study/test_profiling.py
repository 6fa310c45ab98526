from __future__ import annotations

import pandas as pd
from tests.study import tiny
from tests.study.contexts import do, opened

import tmescope as ts
from tmescope.bulk.scoring import ScoreOptions
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.profiling import common_genes, profile_step


def _with_profile(**profile) -> dict:
    data = tiny.study_dict()
    data["profile"].update(profile)
    return data


def _drop_from_b(folder, genes) -> None:
    tiny.write_files(folder)
    frame = pd.read_csv(folder / "b.tsv.gz", sep="\t", index_col=0)
    frame.drop(index=genes).to_csv(folder / "b.tsv.gz", sep="\t")


def _steps(context):
    ledger = context.ledger
    universe = read_table(ledger.folder("universe") / "genes.parquet")["gene_symbol"].tolist()
    warnings = read_table(ledger.folder("universe") / "warnings.parquet")
    scores = {c: read_table(ledger.folder(f"profile-{c}") / "scores.parquet") for c in "ab"}
    return universe, warnings, scores


def test_the_common_universe_is_what_all_cohorts_measured_and_its_cost_is_told(tmp_path):
    _drop_from_b(tmp_path, ["BG000", "BG001"])
    with opened(tmp_path) as context:
        do(context, "profile")
        universe, warnings, _ = _steps(context)
        folders = {c: context.ledger.folder(f"cohort-{c}") for c in "ab"}
        assert common_genes(folders) == universe == sorted(set(tiny.genes()) - {"BG000", "BG001"})
    assert warnings[["code", "where", "count"]].to_numpy().tolist() == [["universe.genes_left_out", "a", 2]]
    assert "145 of the 147 genes" in warnings["message"].item()
    assert "1.4% left out" in warnings["message"].item()


def test_only_rank_based_scores_see_the_universe(tmp_path):
    _drop_from_b(tmp_path, [f"BG{i:03d}" for i in range(60)])
    found = {}
    for universe in ("common", "own"):
        with opened(tmp_path, _with_profile(gene_universe=universe)) as context:
            do(context, "profile")
            genes, warnings, scores = _steps(context)
            assert len(genes) == (87 if universe == "common" else 0)
            assert len(warnings) == (1 if universe == "common" else 0)
            found[universe] = scores["a"].set_index(["method", "feature", "sample_id"])["value"]
    same = (found["common"] == found["own"]).groupby("method").all()
    assert same.to_dict() == {"ssgsea": False, "zscore": True}


def test_a_universe_may_be_a_file(tmp_path):
    genes = [g for g in tiny.genes() if not g.startswith("BG0")]
    (tmp_path / "genes.txt").write_text("\n".join([*genes, "NOWHERE"]))
    with opened(tmp_path, _with_profile(gene_universe="genes.txt")) as context:
        do(context, "profile")
        universe, warnings, _ = _steps(context)
    assert universe == sorted([*genes, "NOWHERE"])
    assert warnings["count"].tolist() == [100, 100]


def test_genes_of_sets_that_the_universe_leaves_out_are_told_as_such(tmp_path):
    genes = [g for g in tiny.genes() if g != "GZMA"]
    (tmp_path / "genes.txt").write_text("\n".join(genes))
    told = {}
    for methods in (["zscore", "ssgsea"], ["zscore"]):
        with opened(tmp_path, _with_profile(gene_universe="genes.txt", methods=methods)) as context:
            do(context, "profile")
            warnings = read_table(context.ledger.folder("profile-a") / "warnings.parquet")
            told[len(methods)] = warnings[warnings["code"] == "universe.set_genes_left_out"]
    assert told[2][["where", "count", "examples"]].to_numpy().tolist() == [["a", 1, "GZMA"]]
    assert "although this cohort measured them" in told[2]["message"].item()
    assert told[1].empty, "no method ranks"


def test_scores_are_those_of_the_library_on_the_matrix_at_rest(tmp_path):
    data = _with_profile(parameters={"ssgsea": {"alpha": 0.5}}, min_coverage=0.9)
    _drop_from_b(tmp_path, ["GZMA"])
    with opened(tmp_path, data) as context:
        do(context, "profile")
        _, _, scores = _steps(context)
        adata = read_cohort_folder(context.ledger.folder("cohort-b"))
    options = ScoreOptions(min_coverage=0.9, parameters={"alpha": 0.5})
    expected = ts.bulk.score(adata, list(tiny.SIGNATURES), method="ssgsea", options=options).table
    found = scores["b"][scores["b"]["method"] == "ssgsea"].reset_index(drop=True)
    pd.testing.assert_series_equal(found["value"], expected["value"], check_exact=True)
    assert found.loc[found["feature"] == "cyt", "value"].isna().all()
    assert found.loc[found["feature"] == "cyt", "coverage"].eq(0.5).all()


def test_threads_are_handed_on_but_do_not_make_another_step(tmp_path):
    with opened(tmp_path) as context:
        do(context, "universe")
        cohort = context.study.cohorts[0]
        one = profile_step(context, cohort).ingredients
        context.threads = 7
        assert profile_step(context, cohort).ingredients == one


def test_a_warning_that_methods_share_is_told_once(tmp_path):
    _drop_from_b(tmp_path, ["GZMA"])
    with opened(tmp_path) as context:
        do(context, "profile")
        warnings = read_table(context.ledger.folder("profile-b") / "warnings.parquet")
    assert len(warnings) == len(warnings.drop_duplicates())
