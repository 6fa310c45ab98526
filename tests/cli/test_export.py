"""``tmescope export``: a run's results as study folders of a cBioPortal, and back."""

from __future__ import annotations

from tests.study import tiny


def test_a_run_is_exported_and_drafted_again(tmescope, folder):
    assert tmescope("run", "study.toml", "-o", "out", "-q").code == 0
    said = tmescope("export", "cbioportal", "out", "-o", "portal")
    assert said.code == 0, said.err
    assert said.out == "wrote portal/a\nwrote portal/b\n"
    before = tiny.tree(folder / "portal")

    again = tmescope("export", "cbioportal", "out", "-o", "portal")
    assert again.code == 2
    assert "the output folder holds something already" in again.err
    assert tiny.tree(folder / "portal") == before

    drafted = tmescope("init", "portal/a", "portal/b", "portal/b", "-o", "again.toml")
    assert drafted.out.startswith("wrote again.toml; cohorts: 2; places marked DECIDE: 2\n")
    study = folder / "again.toml"
    text = study.read_text().replace('scale = "DECIDE"', 'scale = "tpm"')
    text = text.replace('signatures = "core"', 'signatures = ["cyt", "ifng6"]').replace(
        '"ssgsea", "mcp_counter"', '"ssgsea"'
    )
    study.write_text(text)
    checked = tmescope("check", study, "-q")
    assert checked.code == 0, checked.err
    assert "a: 24 samples of 24 patients, 147 genes" in checked.out
    assert "expression is the profile rna_seq_mrna (CONTINUOUS: mRNA expression, tpm)" in checked.out


def test_what_is_no_run_is_told(tmescope, folder):
    said = tmescope("export", "cbioportal", ".", "-o", "portal")
    assert said.code == 2
    assert "there are no results of a run" in said.err
    assert not (folder / "portal").exists()


def test_what_is_left_out_is_told(tmescope, folder):
    data = tiny.study_dict()
    data["cohorts"] = data["cohorts"][:1]
    data["cohorts"][0]["features"] = [{"categorical": {"zip_code": {"column": "braf"}}}]
    tiny.write_study(folder, data)
    assert tmescope("run", "study.toml", "-o", "out", "-q").code == 0
    said = tmescope("export", "cbioportal", "out", "-o", "portal")
    assert said.out.splitlines()[0] == "notice   a: zip_code looks like an address and is not exported"
    allowed = tmescope("export", "cbioportal", "out", "-o", "portal2", "--allow-identifying", "zip_code")
    assert allowed.out == "wrote portal2/a\n"
    assert "\tZIP_CODE" in (folder / "portal2" / "a" / "data_clinical_sample.txt").read_text()


def test_a_run_becomes_a_workbook_and_anndata(tmescope, folder):
    assert tmescope("run", "study.toml", "-o", "out", "-q").code == 0
    said = tmescope("export", "xlsx", "out", "-o", "r.xlsx", "-q")
    assert (said.code, said.out, said.err) == (0, "wrote r.xlsx: 44 sheets\n", "")
    again = tmescope("export", "xlsx", "out", "-o", "r.xlsx")
    assert again.code == 2
    assert "the output exists already" in again.err
    said = tmescope("export", "anndata", "out", "-o", "h", "-q")
    assert (said.code, said.out, said.err) == (0, "wrote h/a.h5ad\nwrote h/b.h5ad\n", "")
    assert tmescope("export", "anndata", "out", "-o", "h").code == 2
