from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import FileFormatError, IdentifierError, MissingFileError, SampleError, ScaleError
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.gene_lengths import GeneLengths, final_scale, read_gene_lengths, turn_to_tpm
from tmescope.ingest.options import CohortOptions

TABLE = ExpressionTable(np.array([[10.0, 20.0, 0.0], [30.0, 0.0, 5.0]]), ("A", "B", "C"), ("s", "t"))
LENGTHS = "gene\tlength\nA\t2\nB\t4\nC\t1\nZ\t9\n"
EXPECTED = [[5e5, 5e5, 0], [7.5e5, 0, 2.5e5]]


def _file(folder: Path, text: str, name: str = "lengths.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _turn(
    scale: str, path: Path | None, *, table: ExpressionTable = TABLE, to_tpm: bool = False, limit: float = 0.2
) -> tuple[ExpressionTable, Scale, Findings]:
    findings = Findings("c")
    options = CohortOptions("c", scale, gene_lengths=path, to_tpm=to_tpm, max_unmapped=limit)
    out, became = turn_to_tpm(table, Scale.parse(scale), options, where="m.tsv", findings=findings)
    return out, became, findings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (LENGTHS, "lengths.tsv"),
        (LENGTHS.replace("\t", ","), "lengths.csv"),
        ("Geneid\tChr\tLength\nA\t1\t2\nB\t1\t4\nC\tX\t1\n", "featurecounts.tsv"),
        ("Name\tLength\tEffectiveLength\tTPM\nA\t9\t2\t1\nB\t9\t4\t1\nC\t9\t1\t0\n", "quant.tsv"),
        ("gene_id\ttranscript_id(s)\tlength\teffective_length\nA\tx\t9\t2.0\nB\tx\t9\t4\nC\tx\t9\t1\n", "rsem.tsv"),
    ],
)
def test_counts_become_tpm_with_the_lengths_of_any_usual_table(tmp_path: Path, text: str, name: str) -> None:
    out, scale, findings = _turn("counts", _file(tmp_path, text, name))
    assert findings.problems == []
    assert scale == Scale("tpm")
    np.testing.assert_allclose(out.values, EXPECTED, rtol=1e-14)
    assert "turned to TPM" in findings.quality()["check"].tolist()


@pytest.mark.parametrize("scale", ["log2(counts+1)", "cpm", "log2(cpm+0.5)"])
def test_cpm_and_logarithms_of_counts_do_too(tmp_path: Path, scale: str) -> None:
    parsed = Scale.parse(scale)
    values = TABLE.values / 35 * 1e6 if parsed.unit == "cpm" else TABLE.values
    values = np.log2(values + parsed.offset) if parsed.is_log else values
    out, _, _ = _turn(scale, _file(tmp_path, LENGTHS), table=replace(TABLE, values=values))
    np.testing.assert_allclose(out.values, EXPECTED, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("scale", ["fpkm", "log2(fpkm+1)"])
def test_fpkm_become_tpm_without_lengths(scale: str) -> None:
    rates = TABLE.values / np.array([2.0, 4.0, 1.0])
    values = np.log2(rates + 1) if scale != "fpkm" else rates
    out, became, findings = _turn(scale, None, table=replace(TABLE, values=values), to_tpm=True)
    np.testing.assert_allclose(out.values, EXPECTED, rtol=1e-9, atol=1e-6)
    assert became == Scale("tpm")
    assert [w.code for w in findings.warnings] == ["scale.turned_to_tpm"]


def test_nothing_declared_changes_nothing() -> None:
    out, scale, findings = _turn("counts", None)
    assert out is TABLE
    assert scale == Scale("counts")
    assert len(findings.quality()) == 0


@pytest.mark.parametrize(
    ("scale", "to_tpm", "has_lengths"), [("tpm", False, True), ("counts", True, False), ("array", True, False)]
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, scale: str, *, to_tpm: bool, has_lengths: bool) -> None:
    out, _, findings = _turn(scale, _file(tmp_path, LENGTHS) if has_lengths else None, to_tpm=to_tpm)
    assert out is TABLE
    assert [type(p) for p in findings.problems] == [ScaleError]


def test_genes_without_a_length_are_left_out_and_told(tmp_path: Path) -> None:
    out, _, findings = _turn("counts", _file(tmp_path, "gene\tlength\nA\t2\nB\t4\nC\t0\n"), limit=0.5)
    assert out.gene_ids == ("A", "B")
    np.testing.assert_allclose(out.values.sum(axis=1), 1e6)
    assert out.left_out == {"C": "no length"}
    (warning,) = findings.warnings
    assert (warning.code, warning.count, warning.examples) == ("genes.without_length", 1, ("C",))
    assert "7.69% of all reads" in warning.message  # 5 of 65


def test_too_many_genes_without_a_length_are_refused_with_the_list(tmp_path: Path) -> None:
    _, _, findings = _turn("counts", _file(tmp_path, "gene\tlength\nA\t2\n"))
    (problem,) = findings.problems
    assert isinstance(problem, IdentifierError)
    assert "2 of 3 genes with reads have no length" in problem.what
    assert problem.what.endswith("B, C")


def test_genes_without_reads_need_no_length(tmp_path: Path) -> None:
    table = ExpressionTable(np.array([[1.0, 0.0, 0.0]]), ("A", "B", "C"), ("s",))
    out, _, findings = _turn("counts", _file(tmp_path, "gene\tlength\nA\t2\n"), table=table)
    assert out.gene_ids == ("A",)
    assert out.left_out == {"B": "no length", "C": "no length"}
    assert findings.problems == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gene\tsize\nA\t2\n", "the columns are"),
        ("gene_id\tgene_name\tS1\tS2\nA\tB\t2\t3\n", "a length for each sample, not for each gene: 'S1', 'S2'"),
        ("gene_id\tgene_name\tmean\tlongest_isoform\nA\tB\t2\t3\n", "the columns are 'gene_id', 'gene_name', 'mean'"),
        ("gene\tgene_id\tlength\nA\tB\t2\nA\tB\t3\n", "line 3, A: 3"),
        ("gene\tlength\nA\t-2\n", "1 rows have no usable length"),
        ("gene\tlength\nA\tlong\n", "line 2, A: long"),
        ("gene\tlength\nA\tinf\n", "no usable length"),
        ("gene\tlength\nA\t2\nA\t3\n", "line 3, A: 3"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        read_gene_lengths(_file(tmp_path, text))
    with pytest.raises(MissingFileError):
        read_gene_lengths(tmp_path / "none.tsv")


def test_lengths_that_can_be_read_in_two_ways_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lengths.csv"
    path.write_text("gene;length\nA;1.523\nB;987\n")
    with pytest.raises(SampleError, match=r"'1\.523 .1x.'") as caught:
        read_gene_lengths(path)
    assert "without separators of thousands" in (caught.value.next_step or "")
    path.write_text("gene;length\nA;1.523,5\nB;987\n")
    assert read_gene_lengths(path).lengths == {"A": 1523.5, "B": 987}


def test_versions_of_ensembl_ids_may_differ_where_that_is_certain() -> None:
    table = GeneLengths(
        {"ENSG00000000001.3": 10.0, "ENSG00000000002.1": 20.0, "ENSG00000000002.2": 30.0}, "length", "f"
    )
    found, n_bare = table.find(["ENSG00000000001.3", "ENSG00000000001.9", "ENSG00000000001", "ENSG00000000002.7", "X"])
    assert found[:3] == (10.0, 10.0, 10.0)
    assert np.isnan(found[3:]).all()
    assert n_bare == 2


TWO_NAMES = "gene_id\tgene_name\tlength\nI1\tA\t2\nI2\tB\t4\nI3\tC\t1\nI4\tD\t7\nI5\tD\t8\n"


@pytest.mark.parametrize("names", [("A", "B", "C"), ("I1", "I2", "I3"), ("A", "I2", "C")])
@pytest.mark.parametrize("file", ["lengths.tsv", "salmon.merged.gene_lengths.tsv", "lengths.csv"])
def test_a_gene_is_found_by_any_of_its_names(tmp_path: Path, names: tuple[str, ...], file: str) -> None:
    text = TWO_NAMES.replace("\t", ",") if file.endswith("csv") else TWO_NAMES
    out, _, findings = _turn("counts", _file(tmp_path, text, file), table=replace(TABLE, gene_ids=names))
    assert findings.problems == []
    np.testing.assert_allclose(out.values, EXPECTED, rtol=1e-14)


def test_a_name_of_genes_of_several_lengths_has_none(tmp_path: Path) -> None:
    lengths = read_gene_lengths(_file(tmp_path, TWO_NAMES))
    assert lengths.unsure == {"D"}
    assert "D" not in lengths.lengths
    table = replace(TABLE, gene_ids=("A", "B", "D"))
    out, _, findings = _turn("counts", _file(tmp_path, TWO_NAMES), table=table, limit=0.5)
    assert out.left_out == {"D": "no length"}
    assert "1 of them several that differ" in findings.warnings[0].message


def test_every_identifier_stands_in_the_mapping(tmp_path: Path) -> None:
    genes = [*(f"G{i}" for i in range(400)), "GZMA"]
    rows = "".join(f"{g}\t{i + 1}\t{i + 2}\n" for i, g in enumerate(genes))
    matrix = _file(tmp_path, f"gene\ts\tt\n{rows}", "m.tsv")
    path = _file(tmp_path, "gene\tlength\n" + "".join(f"{g}\t10\n" for g in genes[:30]))
    options = CohortOptions("c", "counts", gene_lengths=path, max_unmapped=0.99)
    mapping = read_cohort(matrix, options=options).gene_mapping
    assert sorted(mapping["input_id"]) == sorted(genes)
    assert (mapping["reason"] == "no length").sum() == 371
    with pytest.raises(IdentifierError, match="1 were left out for want of a length") as caught:
        read_cohort(matrix, options=options, needed_genes=["GZMA"])
    assert caught.value.next_step == "complete the table of gene lengths"


def test_the_final_scale() -> None:
    counts = Scale("counts")
    assert final_scale(counts, has_lengths=False, to_tpm=False) == counts
    assert final_scale(counts, has_lengths=True, to_tpm=False) == Scale("tpm")
    assert final_scale(Scale("fpkm"), has_lengths=False, to_tpm=True) == Scale("tpm")
