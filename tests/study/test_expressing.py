from __future__ import annotations

import json
import tomllib

import pandas as pd
import pytest
from tests.study import tiny

from tmescope.foundation.errors import InputError, ManyProblems, ScaleError
from tmescope.study.checking import check
from tmescope.study.running import run

BRAF = {"feature": "braf", "group": ["V600E"], "reference": ["WT"]}


def _study(folder, questions, *, scale: str = "tpm", only_a: bool = False, methods=("zscore",)):
    tiny.write_files(folder)
    data = tiny.study_dict()
    for cohort in data["cohorts"]:
        path = folder / f"{cohort['id']}_samples.csv"
        samples = pd.read_csv(path)
        samples["site"] = ["north", "south"] * (len(samples) // 2)
        samples["mirror"] = samples["braf"].map({"V600E": "one", "WT": "two"})
        samples.to_csv(path, index=False)
        cohort["features"][0]["categorical"] |= {"site": {"column": "site"}, "mirror": {"column": "mirror"}}
    if scale == "counts":
        table = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0)
        (table * 20).round().astype(int).to_csv(folder / "a.tsv", sep="\t")
    if only_a:
        data["cohorts"] = data["cohorts"][:1]
        data["cohorts"][0]["scale"] = scale
    data["profile"] = {"methods": list(methods), "signatures": list(tiny.SIGNATURES)}
    data["question"] = questions
    return tiny.write_study(folder, data)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expression")
    asked = [
        {"id": "who", "kind": "expression", "endpoint": "response", "confounders": ["tmb"]},
        {"id": "braf", "kind": "expression", "cohorts": ["a"], "expression": BRAF},
        {"id": "design", "kind": "expression", "endpoint": "response", "expression": {"batch": "site"}},
        {"id": "combat", "kind": "expression", "endpoint": "response",
         "expression": {"batch": "site", "combat": True}},
    ]  # fmt: skip
    return run(_study(folder, asked), folder / "out")


def test_every_gene_has_a_row_for_each_question_and_cohort(outcome) -> None:
    rows = outcome.table("expression")
    n = len(tiny.genes())
    assert rows.groupby(["question_id", "cohort_id"], sort=False).size().to_dict() == {
        ("who", "a"): n, ("braf", "a"): n, ("design", "a"): n, ("combat", "a"): n,
        ("who", "b"): n, ("design", "b"): n, ("combat", "b"): n,
    }  # fmt: skip
    assert (
        rows[["effect", "std_error", "ci_low", "ci_high", "p_value", "q_value", "average", "t"]].notna().all(axis=None)
    )
    assert (rows["family_size"] == n).all()
    assert rows["family"].nunique() == 7
    assert set(rows.loc[rows["question_id"] == "braf", "contrast"]) == {"V600E vs WT"}
    assert set(rows.loc[rows["question_id"] == "who", "adjusted_for"]) == {"tmb"}
    assert set(rows.loc[rows["question_id"] == "design", "adjusted_for"]) == {"site"}


def test_planted_genes_move_and_their_sets_with_them(outcome) -> None:
    rows = outcome.table("expression").set_index(["question_id", "cohort_id", "feature"])
    cyt = rows.loc[[("who", c, g) for c in "ab" for g in ("GZMA", "PRF1")]]
    assert (cyt["effect"] > 0.5).all()
    sets = outcome.table("expression_sets")
    who = sets[sets["question_id"] == "who"].set_index(["cohort_id", "gene_set"])
    assert (who.loc[[("a", "cyt"), ("b", "cyt"), ("b", "ifng6")], "p_value"] < 0.05).all()
    assert (who["mean_difference"] > 0)[[("a", "cyt"), ("b", "cyt")]].all()
    assert sets["q_value"].notna().all()


def test_the_fit_says_what_was_done_and_combat_only_where_asked(outcome) -> None:
    fits = outcome.table("expression_fits").set_index(["question_id", "cohort_id"])
    assert (fits["scale"] == "log2(tpm+1)").all()
    assert fits["combat"].to_dict() == {k: k[0] == "combat" for k in fits.index}
    step = fits.loc[("combat", "a")]
    assert step["combat_batches"] == "north (12), south (12)"
    assert "parametric ComBat over 2 batches" in step["combat_method"]
    told = outcome.table("warnings")
    assert (told["code"] == "expression.combat").sum() == 2
    assert fits.loc[("design", "a"), "n_columns"] == 3
    assert fits.loc[("combat", "a"), "n_columns"] == 2


def test_answers_and_other_questions_are_left_alone(outcome) -> None:
    assert not set(outcome.table("answers")["question_id"]) & {"who", "braf", "design", "combat"}


def test_a_second_run_redoes_nothing_and_another_question_only_its_step(tmp_path) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response"}]
    study = _study(tmp_path, asked, only_a=True)
    first = run(study, tmp_path / "out")
    assert run(study, tmp_path / "out").redone == ()
    asked[0]["expression"] = {"pseudocount": 0.1}
    second = run(_study(tmp_path, asked, only_a=True), tmp_path / "out")
    assert "expression-a" in second.redone
    assert "answers-a" not in second.redone
    assert first.table("expression_fits")["scale"].tolist() == ["log2(tpm+0.1)"]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["steps"]["answers-a"] == "kept"


def test_other_gene_labels_make_the_step_anew(tmp_path) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response"}]
    study = _study(tmp_path, asked, only_a=True)
    first = run(study, tmp_path / "out").table("expression").set_index("feature")["effect"]
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t", index_col=0)
    swapped = {"BG000": "BG001", "BG001": "BG000"}
    table.rename(index=swapped).to_csv(tmp_path / "a.tsv", sep="\t")
    again = run(study, tmp_path / "out")
    assert "expression-a" in again.redone
    second = again.table("expression").set_index("feature")["effect"]
    assert second["BG000"] == pytest.approx(first["BG001"])


def test_counts_are_compared_without_any_scoring_method(tmp_path) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response"}]
    found = run(_study(tmp_path, asked, scale="counts", only_a=True, methods=()), tmp_path / "out")
    assert found.table("expression")["method"].str.startswith("voom-limma").all()
    assert found.table("expression_fits")["scale"].tolist() == ["counts"]


@pytest.mark.parametrize("method", ["voom", "deseq2"])
def test_models_of_counts_refuse_tpm_with_the_evidence(tmp_path, method: str) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response", "expression": {"method": method}}]
    with pytest.raises(ManyProblems, match=rf"{method} is a model of counts.* declared as tpm \(values from"):
        run(_study(tmp_path, asked, only_a=True), tmp_path / "out")
    assert not list(tmp_path.glob("out/tables/*.parquet"))  # before anything is computed
    problems = check(tmp_path / "study.toml").problems
    assert [type(p) for p in problems] == [ScaleError]
    assert problems[0].where == "question who, cohort a"
    assert "limma" in str(problems[0].next_step)


def test_limma_refuses_counts(tmp_path) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response", "expression": {"method": "limma"}}]
    with pytest.raises(ManyProblems, match="limma without voom was asked for counts"):
        run(_study(tmp_path, asked, scale="counts", only_a=True, methods=()), tmp_path / "out")


@pytest.mark.parametrize("combat", [True, False])
def test_a_batch_that_tells_the_group_is_refused(tmp_path, combat: bool) -> None:
    stated = {**BRAF, "batch": "mirror", "combat": combat}
    asked = [{"id": "braf", "kind": "expression", "expression": stated}]
    with pytest.raises(InputError, match="confounded"):
        run(_study(tmp_path, asked, only_a=True), tmp_path / "out")


def test_a_cohort_with_one_group_is_passed_over_with_a_warning(tmp_path) -> None:
    asked = [{"id": "braf", "kind": "expression", "expression": {**BRAF, "group": ["V600K"]}}]
    found = run(_study(tmp_path, asked, only_a=True), tmp_path / "out")
    assert len(found.table("expression")) == 0
    told = found.table("warnings")
    assert "expression.one_group" in set(told["code"])


def test_unknown_columns_are_refused_before_anything_is_read(tmp_path) -> None:
    asked = [{"id": "braf", "kind": "expression", "expression": {**BRAF, "feature": "brag", "batch": "sites"}}]
    with pytest.raises(ManyProblems) as caught:
        run(_study(tmp_path, asked), tmp_path / "out")
    text = str(caught.value)
    assert "expression.feature" in text
    assert "expression.batch" in text


def test_several_samples_of_a_patient_are_said_where_no_endpoint_refuses_them(tmp_path) -> None:
    asked = [{"id": "braf", "kind": "expression", "expression": BRAF}]
    data = tomllib.loads(_study(tmp_path, asked, only_a=True).read_text(encoding="utf-8"))
    data["endpoints"], data["answers"] = {}, {}
    data["cohorts"][0]["select"]["one_per_patient"] = "all"
    path = tmp_path / "a_samples.csv"
    samples = pd.read_csv(path)
    samples.loc[1, "patient_id"] = samples.loc[0, "patient_id"]
    samples.to_csv(path, index=False)
    found = run(tiny.write_study(tmp_path, data), tmp_path / "out").table("warnings")
    row = found[found["code"] == "expression.repeated_patients"]
    assert row["count"].tolist() == [1]


def _with_site(folder, known, asked):
    study = _study(folder, asked)
    path = folder / "b_samples.csv"
    samples = pd.read_csv(path)
    samples["site"] = known(samples)
    samples.to_csv(path, index=False)
    return study


def _confounded_by_site(combat: bool) -> list[dict[str, object]]:
    if combat:
        return [{"id": "who", "kind": "expression", "endpoint": "response",
                 "expression": {"batch": "site", "combat": True}}]  # fmt: skip
    return [{"id": "who", "kind": "expression", "endpoint": "response", "confounders": ["site"]}]


@pytest.mark.parametrize("combat", [True, False])
def test_groups_are_counted_where_confounders_and_batch_are_known(tmp_path, combat: bool) -> None:
    study = _with_site(
        tmp_path, lambda s: [*["north", "south"] * 2, *[None] * (len(s) - 4)], _confounded_by_site(combat)
    )
    found = run(study, tmp_path / "out")
    assert set(found.table("expression")["cohort_id"]) == {"a"}  # one small cohort does not end the study
    told = found.table("warnings").set_index("code")
    row = told.loc[[c for c in told.index if c in {"expression.one_group", "expression.few_samples"}]]
    assert row["where"].tolist() == ["question who, cohort b"]
    assert "with confounders and batch known" in row["message"].item()


def test_no_more_samples_than_columns_is_said_and_passed_over(tmp_path) -> None:
    study = _study(tmp_path, [{"id": "who", "kind": "expression", "endpoint": "response", "confounders": ["site"]}])
    path = tmp_path / "b_samples.csv"
    samples = pd.read_csv(path)
    responds = samples["recist"].isin(["CR", "PR"])
    both = [*samples.index[responds][:2], *samples.index[~responds][:2]]
    samples["site"] = [["north", "south", "east"][both.index(i) % 3] if i in both else None for i in samples.index]
    samples.to_csv(path, index=False)
    found = run(study, tmp_path / "out")
    told = found.table("warnings").set_index("code").loc["expression.few_samples"]
    assert told["where"] == "question who, cohort b"
    assert told["message"].startswith("4 samples, with confounders and batch known, are too few for 4 columns")


def test_what_cannot_be_compared_names_question_and_cohort(tmp_path) -> None:
    asked = _confounded_by_site(combat=True)
    study = _with_site(tmp_path, lambda s: ["north", *["south"] * (len(s) - 1)], asked)
    with pytest.raises(InputError, match="ComBat cannot adjust") as caught:
        run(study, tmp_path / "out")
    assert str(caught.value.where).startswith("question who, cohort b: ")


def test_a_batch_that_is_a_confounder_too_is_taken_out_once(tmp_path) -> None:
    asked = [{"id": "who", "kind": "expression", "endpoint": "response", "confounders": ["site", "tmb"],
              "expression": {"batch": "site", "combat": True}}]  # fmt: skip
    found = run(_study(tmp_path, asked, only_a=True), tmp_path / "out")
    fits = found.table("expression_fits")
    assert fits["combat_batches"].tolist() == ["north (12), south (12)"]
    assert set(found.table("expression")["adjusted_for"]) == {"tmb"}
