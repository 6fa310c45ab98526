from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.full_genes import load_full_genes
from tmescope.facts.genes import load_genes
from tmescope.facts.installed import install
from tmescope.foundation.errors import FactsError
from tmescope.study.checking import check
from tmescope.study.gene_tables import (
    choose_genes,
    genes_at_hand,
    hash_of_table,
    split_name,
    table_hash,
    table_problems,
)
from tmescope.study.loading import parse_study
from tmescope.study.running import run


def _study(tiny, folder: Path, *, cohort: dict | None = None, **profile):
    data = tiny.study_dict()
    data["profile"] |= profile
    data["cohorts"] = [one | (cohort or {}) for one in data["cohorts"]]
    return parse_study(data, folder=folder)


@pytest.fixture
def home(shared_data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    install("hgnc", shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=folder)
    return folder


def test_names_of_tables() -> None:
    assert split_name("bundled") == ("bundled", None)
    assert split_name("hgnc") == ("hgnc", None)
    assert split_name("hgnc 2017-04-18") == ("hgnc", "2017-04-18")


def test_the_bundled_table_needs_nothing(tiny, tmp_path) -> None:
    assert choose_genes(_study(tiny, tmp_path)) is load_genes()
    assert choose_genes(_study(tiny, tmp_path, map_symbols=False, gene_table="hgnc")) is None
    assert hash_of_table(_study(tiny, tmp_path)) == {}


def test_a_table_that_is_not_installed_is_one_problem_and_the_files_are_read(tiny, study_folder, tmp_path) -> None:
    study = _study(tiny, study_folder, gene_table="hgnc").with_facts(tmp_path / "none")
    (problem,) = table_problems(study)
    assert isinstance(problem, FactsError)
    assert "tmescope facts add hgnc" in str(problem)
    outcome = check(study, facts_home=tmp_path / "none")
    assert [p.what for p in outcome.problems] == ["the HGNC table is not installed"]
    assert "a: 24 samples" in outcome.summary


@pytest.mark.parametrize("chosen", ["ncbi", "hgnc  ", "hgnc a b", ""])
def test_other_names_are_refused(tiny, study_folder, chosen: str) -> None:
    data = tiny.study_dict()
    data["profile"]["gene_table"] = chosen
    assert "profile.gene_table" in str(check(tiny.write_study(study_folder, data)).problems[0])


def test_a_study_with_accessions_and_the_full_table_gives_the_same_scores(tiny, study_folder, home, tmp_path) -> None:
    expected = run(_study(tiny, study_folder), tmp_path / "symbols").table("scores")
    accessions = {g.gene_symbol: g.uniprot_ids[0] for g in load_full_genes(home) if g.uniprot_ids}
    for name in ("a.tsv", "b.tsv.gz"):
        frame = pd.read_csv(study_folder / name, sep="\t", index_col=0)
        assert set(frame.index) & set(accessions)
        frame.rename(index=accessions).to_csv(study_folder / name, sep="\t")
    study = _study(tiny, study_folder, cohort={"identifiers": "uniprot"}, gene_table="hgnc 2017-04-18")
    outcome = run(study, tmp_path / "accessions", facts_home=home)
    found = outcome.table("scores")
    both = ["cohort_id", "sample_id", "method", "feature"]
    pd.testing.assert_frame_equal(
        found[found["method"] == "zscore"].sort_values(both, ignore_index=True),
        expected[expected["method"] == "zscore"].sort_values(both, ignore_index=True),
        rtol=1e-9,
    )
    crate = json.loads((outcome.folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert "gene table hgnc 2017-04-18" in {e.get("name") for e in crate["@graph"]}
    assert len(run(study, tmp_path / "accessions", facts_home=home).redone) == 0


def test_a_pin_names_the_version_of_the_table(tiny, study_folder, home) -> None:
    data = tiny.study_dict() | {"facts": {"hgnc": "2017-04-18"}}
    data["profile"] |= {"gene_table": "hgnc"}
    study = parse_study(data, folder=study_folder).with_facts(home)
    assert choose_genes(study).source == "hgnc 2017-04-18"
    (problem,) = table_problems(parse_study(data | {"facts": {"hgnc": "1999"}}, folder=study_folder).with_facts(home))
    assert "1999" in str(problem)


def test_a_pin_and_another_version_of_the_table_contradict_each_other(tiny, study_folder, tmp_path) -> None:
    data = tiny.study_dict() | {"facts": {"hgnc": "2017-04-18"}}
    data["profile"] |= {"gene_table": "hgnc mine"}
    (problem,) = table_problems(parse_study(data, folder=study_folder).with_facts(tmp_path / "none"))
    assert problem.what == "the study pins hgnc 2017-04-18 and looks genes up in hgnc mine"
    assert problem.where == "profile.gene_table = 'hgnc mine'"


def test_a_table_that_changed_since_is_a_problem_although_it_was_read_before(tiny, study_folder, home) -> None:
    study = _study(tiny, study_folder, gene_table="hgnc").with_facts(home)
    assert genes_at_hand(study) is choose_genes(study)
    assert table_hash(study) == choose_genes(study).sha256
    file = home / "hgnc" / "2017-04-18" / "genes.gz"
    file.write_bytes(file.read_bytes()[:-100])
    (problem,) = table_problems(study)
    assert "is not as it was installed: genes.gz has another sha256" in problem.what
    assert genes_at_hand(study) is load_genes()
    outcome = check(study, facts_home=home)
    assert [p.what for p in outcome.problems] == [problem.what]


def test_matrix_sets_and_universe_are_mapped_by_one_table(tiny, study_folder, home, tmp_path) -> None:
    """The table calls ALS2CR10 an earlier name of CFLAR-AS1; the bundled facts know neither."""
    names = {"BG000": "ALS2CR10", "CCN2": "CTGF"}
    for name in ("a.tsv", "b.tsv.gz"):
        frame = pd.read_csv(study_folder / name, sep="\t", index_col=0)
        assert set(names) <= set(frame.index)
        frame = frame.rename(index=names)
        frame.to_csv(study_folder / name, sep="\t")
    (study_folder / "universe.txt").write_text("\n".join(frame.index), encoding="utf-8")
    (study_folder / "sets.gmt").write_text("FILE\t\tALS2CR10\tCTGF\n", encoding="utf-8")
    asked = {
        "methods": ["ssgsea_raw"],
        "signatures": [],
        "signature_files": ["sets.gmt"],
        "own_signatures": {"OWN": ["ALS2CR10", "CTGF"]},
        "gene_universe": "universe.txt",
        "max_unmapped": 0.9,
    }
    scores = []
    for table, symbols in (("bundled", {"ALS2CR10", "CCN2"}), ("hgnc", {"CFLAR-AS1", "CCN2"})):
        outcome = run(_study(tiny, study_folder, gene_table=table, **asked), tmp_path / "out", facts_home=home)
        assert {"universe", "profile-a", "profile-b", "tables"} <= set(outcome.redone)
        mapping = outcome.table("gene_mapping")
        assert symbols == set(mapping.loc[mapping["input_id"].isin(names.values()), "gene_symbol"])
        assert "universe.set_genes_left_out" not in set(outcome.table("warnings")["code"])
        scores.append(outcome.table("scores"))
        assert set(scores[-1]["feature"]) == {"FILE", "OWN"}
        assert (scores[-1]["coverage"] == 1).all()
    pd.testing.assert_frame_equal(*scores)


def test_counts_with_lengths_give_the_scores_of_tpm_and_without_them_the_way_out(tiny, study_folder, tmp_path) -> None:
    lengths = {}
    for name in ("a.tsv", "b.tsv.gz"):
        tpm = pd.read_csv(study_folder / name, sep="\t", index_col=0)
        lengths |= {g: 200 + 37 * i for i, g in enumerate(tpm.index)}
        counts = tpm.mul([lengths[g] for g in tpm.index], axis=0).round()
        counts.to_csv(study_folder / name, sep="\t")
    pd.Series(lengths, name="length").rename_axis("gene").to_csv(study_folder / "lengths.csv")
    without = check(_study(tiny, study_folder, cohort={"scale": "counts"}))
    assert all("gene_lengths = FILE turns counts into TPM" in (p.next_step or "") for p in without.problems)
    assert len(without.problems) == 4  # two methods, two cohorts
    study = _study(tiny, study_folder, cohort={"scale": "counts", "gene_lengths": "lengths.csv"})
    outcome = run(study, tmp_path / "out")
    assert outcome.table("cohorts")["scale"].tolist() == ["tpm", "tpm"]
    assert outcome.table("quality")["check"].tolist().count("turned to TPM") == 2
    assert np.isfinite(outcome.table("scores")["value"]).all()
    crate = json.loads((outcome.folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert any("lengths.csv" in str(e) for e in crate["@graph"])
    (study_folder / "lengths.csv").write_text(
        (study_folder / "lengths.csv").read_text().replace("200\n", "400\n"), encoding="utf-8"
    )
    assert "cohort-a" in run(study, tmp_path / "out").redone


def test_fpkm_become_tpm_where_the_study_says_so(tiny, study_folder, tmp_path) -> None:
    study = _study(tiny, study_folder, cohort={"scale": "fpkm", "to_tpm": True})
    outcome = run(study, tmp_path / "out")
    assert outcome.table("cohorts")["scale"].tolist() == ["tpm", "tpm"]
    assert "scale.turned_to_tpm" in outcome.table("warnings")["code"].tolist()
