"""From files to a report that says which patients are in two cohorts, with signatures of the user's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.report.chromium import Chromium, find_chromium
from tests.study import tiny
from typer.testing import CliRunner

from tmescope.cli.main import app

pytestmark = pytest.mark.journey

STUDIES = {"Hugo": "hugo2016_melanoma_pd1", "Nathanson": "nathanson2017_melanoma_ctla4"}
SETS = "lytic\tas in cytolytic activity\tGZMA\tPRF1\nbackground\t\tBG001\tBG002\tBG003\n"
PLANTED = {2: 5, 6: 0, 9: 17, 13: 3, 21: 8}


def _table(results: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(results / "tables" / f"{name}.parquet")


def _call(*arguments: object) -> str:
    said = CliRunner().invoke(app, [str(a) for a in arguments])
    assert said.exit_code == 0, (said.output, said.exception)
    return said.stdout


def _pairs(results: Path) -> set[tuple[str, ...]]:
    found = _table(results, "overlaps")
    return set(found[["cohort_a", "sample_a", "cohort_b", "sample_b"]].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> tuple[Path, str]:
    """Two cohorts that share five patients under other names and in another scale, one of them with a double column."""
    folder = tmp_path_factory.mktemp("simulated")
    (a, samples_a), (b, samples_b) = tiny.cohort_frames(1, 24), tiny.cohort_frames(2, 18)
    for i, j in PLANTED.items():
        b.iloc[:, j] = a.iloc[:, i].to_numpy()
    b.iloc[:, 12] = b.iloc[:, 11].to_numpy()
    a.to_csv(folder / "a.tsv", sep="\t")
    np.log2(b + 1).round(5).to_csv(folder / "b.tsv.gz", sep="\t")
    samples_a.to_csv(folder / "a_samples.csv", index=False)
    samples_b.to_csv(folder / "b_samples.csv", index=False)
    (folder / "mine.gmt").write_text(SETS)
    (folder / "weights.csv").write_text("set,gene_symbol,weight\nbalance,GZMA,1\nbalance,BG004,-1\n")
    data: dict[str, Any] = tiny.study_dict()
    data["cohorts"][1]["scale"] = "log2(tpm+1)"
    data["profile"] |= {"signatures": ["cyt"], "signature_files": ["mine.gmt", "weights.csv"], "methods": ["zscore"]}
    data["output"] = {"figures": ["svg"]}
    study = tiny.write_study(folder, data)
    said = _call("check", study, "--quiet")
    _call("run", study, "--output", folder / "out", "--quiet")
    return folder / "out", said


def test_exactly_the_planted_patients_are_found(simulated):
    results, said = simulated
    planted = {("a", f"S1-{i:02d}", "b", f"S2-{j:02d}") for i, j in PLANTED.items()}
    assert _pairs(results) == planted | {("b", "S2-11", "b", "S2-12")}
    for line in ("5 patients of a are in b too", "[overlap.same_patient]", "[overlap.same_sample]",
                 "mine.gmt: 2 of 2 sets are scored, 5 genes; of these in a 5 (100%), b 5 (100%)"):  # fmt: skip
        assert line in said
    assert {"overlap.same_patient", "overlap.same_sample"} <= set(_table(results, "warnings")["code"])
    assert "overlaps.csv" in {p.name for p in (results / "tables").iterdir()}


def test_sets_of_files_are_scored_and_answered_like_bundled_ones(simulated):
    results, _ = simulated
    scores = _table(results, "scores").pivot_table(index=["cohort_id", "sample_id"], columns="feature", values="value")
    assert list(scores) == ["background", "balance", "cyt", "lytic"]
    assert (scores["lytic"] == scores["cyt"]).all()
    answers = _table(results, "answers")
    assert set(answers.loc[answers["source"] == "zscore", "feature"]) == set(scores)
    signatures = _table(results, "signatures").set_index("name")
    assert "weights or directions" in signatures.loc["balance", "limits"]
    assert "weights or directions" not in signatures.loc["lytic", "limits"]


def test_the_report_tells_of_both(simulated):
    page = (simulated[0] / "report.html").read_text(encoding="utf-8")
    assert "Patients who are counted twice" in page
    assert "mine.gmt: as in cytolytic activity" in page


@pytest.mark.browser
def test_the_tables_of_shared_patients_can_be_seen(simulated, tmp_path):
    with Chromium(find_chromium()) as browser:
        page = browser.open((simulated[0] / "report.html").as_uri(), width=1280, height=900)
        box = page.run("(({x, y, width, height}) => [x, y + scrollY, width, height])"
                       "(document.getElementById('overlap-pairs').getBoundingClientRect())")  # fmt: skip
        page.screenshot(tmp_path / "pairs.png", clip=tuple(round(v) for v in box))
        assert page.run("document.querySelectorAll('#overlap-pairs tbody tr').length") == 2
        assert page.run("document.documentElement.scrollWidth") <= 1280
        assert page.problems() == []
    assert box[2] > 300
    assert (tmp_path / "pairs.png").stat().st_size > 5_000


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("real")
    files = {c: shared_data / "cohorts" / c / "expression.parquet" for c in STUDIES.values()}
    cohorts = [{"id": c, "expression": str(f), "scale": "log2(tpm+0.001)"} for c, f in files.items()]
    pan = shared_data / "bulk" / "icb_pan" / "expression.tsv.gz"
    cohorts.append({"id": "pan", "expression": str(pan), "scale": "tpm"})
    (folder / "mine.gmt").write_text("lytic\t\tGZMA\tPRF1\nstroma\t\tCOL1A1\tCOL1A2\tCOL3A1\tCOL5A1\n")
    study = {
        "format": 1,
        "study": {"id": "shared", "title": "Two cohorts and a collection that holds them again"},
        "cohorts": cohorts,
        "profile": {"methods": ["mean"], "signatures": [], "signature_files": ["mine.gmt"]},
        "output": {"report": False},
    }
    path = tiny.write_study(folder, study)
    said = _call("check", path, "--quiet")
    _call("run", path, "--output", folder / "out", "--quiet")
    return folder / "out", said


def test_every_known_copy_in_published_cohorts_is_found_and_nothing_else(real):
    results, said = real
    samples = _table(results, "samples")
    by_cohort = {c: list(part["sample_id"]) for c, part in samples.groupby("cohort_id")}
    there = {(c, _plain(i)): i for c in STUDIES.values() for i in by_cohort[c]}
    truth = set()
    for name in by_cohort["pan"]:
        study, _, sample = name.partition(".")
        if (twin := there.get((STUDIES.get(study, ""), _plain(sample)))) is not None:
            truth.add((STUDIES[study], twin, "pan", name))
    assert len(truth) > 40
    assert _pairs(results) == truth, "precision and recall are 1"
    assert "Pt1" in {i for _, i, _, _ in truth}, "an id that both cohorts could give is no evidence by itself"
    found = _table(results, "overlaps")
    assert set(found["evidence"]) == {"expression same"}
    for cohort in STUDIES.values():
        n = sum(1 for c, *_ in truth if c == cohort)
        assert f"{n} patients of {cohort} are in pan too ({n} by the same measurement)" in said
