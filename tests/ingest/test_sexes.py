from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.genes import load_genes
from tmescope.foundation.scale import Scale
from tmescope.ingest.findings import Findings
from tmescope.ingest.sexes import FEMALE_MOST, MALE_LEAST, Y_GENES, check_sexes, express_sexes, read_sex

LOG = Scale.parse("log2(tpm+1)")
GENES = ["GAPDH", *Y_GENES, "XIST"]


def _samples(*rows: tuple[float, float]) -> np.ndarray:
    return np.array([[8.0, *[y] * len(Y_GENES), xist] for y, xist in rows])


def _check(values: np.ndarray, recorded: list[str], genes: list[str] = GENES, scale: Scale = LOG) -> Findings:
    findings = Findings("c")
    names = [f"S{i}" for i in range(len(values))]
    check_sexes(express_sexes(values, genes, scale), names, recorded, findings=findings)
    return findings


@pytest.mark.parametrize(
    ("word", "sex"),
    [("F", "female"), ("Male", "male"), (" m ", "male"), ("FEMALE", "female"), ("1", None), ("", None), (None, None)],
)
def test_words_for_sex(word: object, sex: str | None) -> None:
    assert read_sex(word) == sex


def test_mixed_up_samples_are_listed() -> None:
    values = _samples((0.1, 6), (4, 0.1), (4, 0), (0, 5), (1.3, 0), (4, 6), (0, 0))
    findings = _check(values, ["F", "M", "F", "M", "M", "M", "M"])
    (warning,) = findings.warnings
    assert (warning.code, warning.count, warning.examples) == ("sex.disagrees", 2, ("S2", "S3"))
    row = findings.quality().iloc[0]
    assert (row["check"], row["status"], row["value"]) == ("sex", "problem", "2")
    assert "3 are unclear" in row["evidence"]
    flags = findings.sample_flags()
    assert flags["sample_id"].tolist() == ["S2", "S3"]
    assert set(flags["status"]) == {"problem"}
    assert flags["evidence"].tolist() == [
        "recorded as female, but expresses genes of chromosome Y",
        "recorded as male, but expresses XIST and no gene of Y",
    ]


def test_without_xist_a_man_without_y_may_have_lost_it() -> None:
    findings = _check(_samples((0.1, 0), (4, 0), (0.2, 0))[:, :-1], ["F", "M", "M"], GENES[:-1])
    assert [(w.code, w.examples) for w in findings.warnings] == [("sex.no_y", ("S2",))]
    assert findings.quality()["status"].tolist() == ["notice"]
    assert findings.sample_flags()[["sample_id", "status"]].values.tolist() == [["S2", "notice"]]


def test_a_y_gene_without_values_does_not_hide_the_others() -> None:
    values, recorded = _samples((4, 0), (0.1, 6), (4, 0), (0.1, 6)), ["F", "M", "F", "M"]
    values[:, GENES.index("ZFY")] = np.nan
    findings = _check(values, recorded)
    assert findings.sample_flags()["sample_id"].tolist() == ["S0", "S2", "S1", "S3"]
    assert findings.quality()["evidence"][0].startswith("6 Y genes and XIST against the table")


def test_missing_values_count_by_sample() -> None:
    values, recorded = _samples((4, 0), (0.1, 6), (4, 0), (0.1, 6)), ["F", "M", "F", "M"]
    values[2:, GENES.index("ZFY")] = np.nan
    values[3, [GENES.index(g) for g in Y_GENES[1:]]] = np.nan
    row = _check(values, recorded).quality().iloc[0]
    assert (row["status"], row["value"]) == ("problem", "3")
    assert row["evidence"].startswith("7 Y genes and XIST against the table: 0 of 4 samples agree, 1 are unclear")


@pytest.mark.parametrize("words", [["1", "2", "2"], ["hombre", "mujer", "mujer"]])
def test_words_that_cannot_be_read_are_told(words: list[str]) -> None:
    row = _check(_samples((4, 0), (0, 6), (0, 6)), words).quality().iloc[0]
    assert (row["status"], row["value"]) == ("unchecked", "cannot be read")
    assert f"'{words[1]} (2x)', '{words[0]} (1x)'" in row["evidence"]
    row = _check(_samples((4, 0), (0, 6), (0, 6)), ["M", "NA", words[1]]).quality().iloc[0]
    assert row["status"] == "ok"
    assert "1 of 1 samples agree" in row["evidence"]
    assert f"1 of 3 samples have another word for their sex: '{words[1]} (1x)'" in row["evidence"]


def test_one_sex_alone_is_checked_by_the_same_rule() -> None:
    assert _check(_samples((4, 0), (5, 0)), ["M", "M"]).quality()["status"].tolist() == ["ok"]
    assert _check(_samples((4, 0), (5, 0)), ["F", "F"]).quality()["status"].tolist() == ["problem"]


@pytest.mark.parametrize("scale", ["counts", "log2_array", "fpkm"])
def test_what_cannot_be_checked_says_so(scale: str) -> None:
    findings = _check(_samples((4, 0)), ["F"], scale=Scale.parse(scale))
    assert findings.quality()["value"].tolist() == ["cannot be checked"]
    assert findings.quality()["status"].tolist() == ["unchecked"]
    assert findings.warnings == []


def test_panels_without_y_genes_and_tables_without_sex() -> None:
    values = _samples((4, 0))
    assert _check(values[:, :2], ["F"], GENES[:2]).quality()["value"].tolist() == ["cannot be checked"]
    assert len(_check(values, [""]).quality()) == 0


@pytest.mark.parametrize("scale", ["tpm", "log2(tpm+0.001)", "log10(tpm+1)"])
def test_every_tpm_scale_gives_the_same(scale: str) -> None:
    declared, tpm = Scale.parse(scale), np.exp2(_samples((4, 0), (0.2, 6))) - 1
    values = np.log(tpm + declared.offset) / np.log(declared.log_base) if declared.log_base else tpm
    evidence = express_sexes(values, GENES, declared)
    assert evidence is not None
    assert evidence.y_mean == pytest.approx([4, 0.2])
    assert evidence.sexes() == ["male", "female"]


def test_the_genes_are_on_y(shared_data: Path) -> None:
    path = shared_data / "targets" / "gene_ids" / "Homo_sapiens.protein_coding.with_hgnc.tsv"
    chromosome = pd.read_csv(path, sep="\t", dtype=str).set_index("gene_symbol")["chromosome"]
    assert set(chromosome[list(Y_GENES)]) == {"Y"}


def test_the_rule_holds_in_real_cohorts(shared_data: Path) -> None:
    women, men = [], []
    for folder in sorted((shared_data / "cohorts").iterdir()):
        sexes = pd.read_csv(folder / "samples.tsv", sep="\t", dtype=str).set_index("sample_id")["sex"]
        if folder.name.startswith("tcga") or not sexes.notna().any():
            continue
        frame = pd.read_parquet(folder / "expression.parquet")
        values = frame.to_numpy(float).T
        evidence = express_sexes(values, [str(g) for g in frame.index], Scale.parse("log2(tpm+0.001)"))
        assert evidence is not None
        recorded = sexes.reindex(frame.columns).to_numpy()
        women += list(evidence.y_mean[recorded == "F"])
        men += list(evidence.y_mean[recorded == "M"])
    assert (len(women), sum(v <= FEMALE_MOST for v in women), max(women) < MALE_LEAST) == (170, 167, True)
    assert (len(men), sum(v >= MALE_LEAST for v in men), sum(v <= FEMALE_MOST for v in men)) == (414, 405, 4)


def test_the_genes_are_known_by_every_identifier_of_the_bundled_table(shared_data: Path) -> None:
    path = shared_data / "targets" / "gene_ids" / "Homo_sapiens.protein_coding.with_hgnc.tsv"
    listed = pd.read_csv(path, sep="\t", dtype=str).set_index("gene_symbol")
    for name in Y_GENES:
        gene, row = load_genes().get(name), listed.loc[name]
        assert (gene.hgnc_id, gene.entrez_id, gene.ensembl_id) == tuple(
            row[["hgnc_id", "ncbi_gene_id", "ensembl_gene"]]
        )
    for kind in ("ensembl", "entrez"):
        ids = [getattr(load_genes().get(name), f"{kind}_id") for name in (*Y_GENES, "XIST")]
        assert [r.gene_symbol for r in load_genes().resolve(ids, kind)] == [*Y_GENES, "XIST"]  # type: ignore[arg-type]
