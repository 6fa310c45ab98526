from __future__ import annotations

from tmescope.study.checking import check


def test_a_good_study_has_no_problem_and_a_summary(study_folder, tiny):
    before = tiny.tree(study_folder)
    outcome = check(study_folder / "study.toml")
    assert outcome.problems == ()
    assert "a: 24 samples of 24 patients" in outcome.summary
    assert tiny.tree(study_folder) == before


def test_problems_of_all_cohorts_come_together(study_folder):
    a, b = study_folder / "a_samples.csv", study_folder / "b_samples.csv"
    a.write_text(a.read_text().replace("PD", "progressive"))
    b.write_text(b.read_text().replace("os_days", "os_time"))
    text = "\n\n".join(str(p) for p in check(study_folder / "study.toml").problems)
    assert "progressive" in text
    assert "os_days" in text
    assert "a_samples.csv" in text
    assert "b_samples.csv" in text


def test_names_are_checked_before_files_are_read(tiny, study_folder):
    data = tiny.study_dict()
    data["profile"] = {
        "methods": ["zscor", "ssgsea"],
        "signatures": ["cytt"],
        "parameters": {"ssgsea": {"alpa": 1.0}},
        "own_signatures": {"cyt": ["A"], "empty": []},
        "gene_universe": "genes.txt",
    }
    text = "\n".join(str(p) for p in check(tiny.write_study(study_folder, data)).problems)
    for expected in (
        "did you mean 'zscore'",
        "did you mean 'cyt'",
        "did you mean 'alpha'",
        "name of a bundled signature",
        "has no gene",
        "'genes.txt'",
    ):
        assert expected in text, text


def test_wrong_names_do_not_hide_what_is_wrong_in_the_files(tiny, study_folder):
    data = tiny.study_dict()
    data["profile"] = {"methods": ["zscor"], "signatures": ["cytt"]}
    path = study_folder / "a_samples.csv"
    path.write_text(path.read_text().replace("PD", "progressive"))
    text = "\n".join(str(p) for p in check(tiny.write_study(study_folder, data)).problems)
    for expected in ("zscor", "cytt", "progressive"):
        assert expected in text, text


def test_a_universe_without_the_signatures_genes_is_found_before_a_run(tiny, study_folder):
    data = tiny.study_dict()
    data["profile"]["gene_universe"] = "genes.txt"
    (study_folder / "genes.txt").write_text("\n".join(f"BG{i:03d}" for i in range(100)))
    text = "\n".join(str(p) for p in check(tiny.write_study(study_folder, data)).problems)
    assert "genes of the signatures is in the universe" in text
    assert "profile.gene_universe 'genes.txt'" in text
