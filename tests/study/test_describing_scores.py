from __future__ import annotations

import pytest
from tests.study.written import write


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    def change(data):
        data["profile"] |= {
            "methods": ["mcp_counter", "ssgsea_raw", "zscore"],
            "signatures": ["cyt", "mhc_i"],
            "own_signatures": {"mine": ["GZMA", "BG001"]},
            "parameters": {"ssgsea_raw": {"alpha": 0.5, "threads": 2}},
            "min_coverage": 0.75,
            "max_unmapped": 1.0,
            "gene_universe": "own",
        }

    return write(tmp_path_factory.mktemp("rich"), change)


def test_methods_that_ran_and_no_others_with_their_papers(plain):
    text, sections, _ = plain
    assert "by 2 methods: zscore and ssgsea." in sections["Scores"]
    assert "zscore: Combined z-score: each gene standardised within the cohort, then summed over the signature [1]. It took values in log2(tpm+1) and scored each sample beside the other samples of its cohort." in sections["Scores"]  # fmt: skip # noqa: E501
    assert "Parameters were the defaults (alpha = 0.25)." in sections["Scores"]
    assert "Methods that rank all genes (ssgsea) saw the 147 genes that all cohorts have." in sections["Scores"]
    assert "0 of 252 scores are missing, 0 of them by this rule." in sections["Scores"]
    keys = [r.key for r in text.references]
    assert keys[:2] == ["lee2008", "barbie2009"]
    assert "becht2016" not in keys


def test_changed_parameters_own_universe_and_coverage(rich):
    told = rich[1]["Scores"]
    assert "Changed: alpha = 0.5 instead of 0.25." in told
    assert "threads" not in told
    assert "mcp_counter: " in told
    assert "took values in tpm and scored each sample from that sample alone" in told
    assert "Methods that rank all genes (ssgsea_raw) saw all genes of each cohort." in told
    assert "fewer than 75% of a set's genes" in told
    missing = int(told.rsplit("\n", 1)[1].split("left out of the others. ")[1].split(" of ")[0].replace(",", ""))
    assert missing > 0


def test_gene_sets_stand_by_their_paper_and_unverified_ones_say_so(rich):
    text, sections, _ = rich
    told = sections["Gene sets"]
    assert told.startswith("13 gene sets were scored. ")
    assert "mhc_i (10 genes) (reference not verified)." in told
    assert "mine (2 genes) (defined in the study file)." in told
    cited = [i for i, r in enumerate(text.references, start=1) if r.key == "becht2016"]
    assert f"Fibroblasts (8 genes) [{cited[0]}]." in told
