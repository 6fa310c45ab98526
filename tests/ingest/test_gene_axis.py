from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.full_genes import load_full_genes
from tmescope.facts.genes import Gene, GeneTable, load_genes
from tmescope.facts.installed import install
from tmescope.foundation.errors import FactsError, IdentifierError
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.gene_axis import GeneAxis, settle_genes
from tmescope.ingest.options import CohortOptions, Duplicates, Identifiers


def _gene(symbol: str, number: int, previous: tuple[str, ...] = (), aliases: tuple[str, ...] = ()) -> Gene:
    return Gene(
        symbol, f"HGNC:{number}", str(number), f"ENSG{number:011d}", (), previous, aliases, (), "1", (f"P0000{number}",)
    )


GENES = GeneTable([_gene("CCN2", 1, ("CTGF",), ("IGFBP8",)), _gene("CD99", 2), _gene("GZMA", 3)], source="made up")


def _settle(
    names: tuple[str, ...],
    kind: Identifiers = "symbol",
    *,
    duplicates: Duplicates | None = None,
    genes: GeneTable | None = GENES,
    values: object = None,
    left_out: Mapping[str, str] | None = None,
) -> tuple[GeneAxis, Findings]:
    findings = Findings("c")
    options = CohortOptions("c", "tpm", identifiers=kind, gene_table=genes, duplicates=duplicates)
    numbers = np.ones((1, len(names))) if values is None else np.array([values], dtype=np.float64)
    table = ExpressionTable(numbers, names, ("s",), left_out=left_out or {})
    axis = settle_genes(
        table, Scale("tpm"), options, needed=["CCN2"], map_symbols=True, where="m.tsv", findings=findings
    )
    return axis, findings


def _codes(findings: Findings) -> list[str]:
    return [w.code for w in findings.warnings]


def test_a_former_symbol_beside_the_approved_one_is_told() -> None:
    axis, findings = _settle(("CTGF", "CCN2", "GZMA"))
    assert "have none" not in findings.warnings[0].message
    assert axis.mapping.gene_symbols == ("CTGF", "CCN2", "GZMA")
    assert _codes(findings) == ["genes.several_rows", "genes.ambiguous"]


def test_they_are_one_row_where_declared_and_the_mapping_tells() -> None:
    axis, findings = _settle(("CTGF", "CCN2", "IGFBP8"), duplicates="sum", values=[1, 2, 4])
    assert axis.mapping.gene_symbols == ("CCN2", "IGFBP8")  # an alias is never merged
    np.testing.assert_array_equal(axis.table.values, [[3, 4]])
    rows = axis.mapping.table[["input_id", "gene_symbol", "reason", "needed"]].to_numpy().tolist()
    assert ["CTGF", "CCN2", "merged", False] in rows
    assert _codes(findings) == ["genes.summed", "genes.ambiguous"]


def test_two_versions_of_an_ensembl_id_are_one_gene_where_declared() -> None:
    names = ("ENSG00000000001.4", "ENSG00000000001.3")
    apart, findings = _settle(names, "ensembl")
    assert apart.mapping.gene_symbols == names
    (told,) = [w for w in findings.warnings if w.code == "genes.several_rows"]
    assert "but 1 of them have none: several rows are equally good" in told.message
    (problem,) = findings.problems
    assert "1 are meant by several rows that are equally good" in problem.what
    assert "declare duplicates = mean" in (problem.next_step or "")
    merged, _ = _settle(names, "ensembl", duplicates="mean", values=[1, 2])
    assert merged.mapping.gene_symbols == ("CCN2",)
    assert merged.table.values[0, 0] == 1.5


def test_the_copy_on_y_is_told_with_its_share_and_never_added() -> None:
    names = ("ENSG00000000002.9", "ENSG00000000002.9_PAR_Y", "ENSGR0000000002", "ENSG00000000001")
    for rule in (None, "sum"):
        axis, findings = _settle(names, "ensembl", duplicates=rule, values=[6, 1, 1, 5])  # type: ignore[arg-type]
        assert axis.mapping.gene_symbols == ("CD99", names[1], names[2], "CCN2")
        assert axis.table.values[0, 0] == 6
        assert _codes(findings) == ["genes.y_copies"]
        (evidence,) = [e for e in findings.quality()["evidence"] if "copies hold" in e]
        assert "2 rows are copies on chromosome Y" in evidence
        assert "25.0% of what both hold" in evidence


def test_genes_without_any_value_are_missing() -> None:
    axis, findings = _settle(("CCN2", "GZMA"), values=[np.nan, 1])
    assert axis.mapping.gene_symbols == ("CCN2", "GZMA")
    assert axis.mapping.missing == ("CCN2",)
    (problem,) = findings.problems
    assert isinstance(problem, IdentifierError)
    assert "1 of 1 genes" in problem.what
    assert "1 have a row without any value" in problem.what
    (evidence,) = findings.quality()["evidence"]
    assert "0 of 1 genes that the requested methods need are there" in evidence
    needed = axis.mapping.table[axis.mapping.table["needed"]]
    assert needed["reason"].tolist() == ["missing"]


def test_a_matrix_without_any_value_is_told_once() -> None:
    axis, findings = _settle(("CCN2", "GZMA"), values=[np.nan, np.nan])
    assert axis.mapping.missing == ()
    assert findings.problems == []  # `check_values` has it


def test_genes_that_were_left_out_stand_in_the_mapping_and_in_the_error() -> None:
    axis, findings = _settle(("GZMA",), left_out={"CTGF": "no length", "X1": "no length"})
    rows = axis.mapping.table.astype(object).where(axis.mapping.table.notna(), "").drop(columns="cohort_id")
    assert rows.to_numpy().tolist() == [
        ["GZMA", "GZMA", "HGNC:3", "approved", False],
        ["", "CCN2", "HGNC:1", "missing", True],
        ["CTGF", "CCN2", "HGNC:1", "no length", False],
        ["X1", "X1", "", "no length", False],
    ]
    (problem,) = findings.problems
    assert "1 were left out for want of a length" in problem.what
    assert problem.next_step == "complete the table of gene lengths"
    there, findings = _settle(("CCN2",), left_out={"CTGF": "no length"})
    assert there.mapping.table["gene_symbol"].tolist() == ["CCN2", "CTGF"]
    assert findings.problems == []


@pytest.mark.parametrize("kind", ["ensembl", "symbol"])
def test_transcripts_are_refused(kind: Identifiers) -> None:
    _, findings = _settle(("ENST00000381192.10", "ENST00000381192.11", "CCN2"), kind)
    (problem,) = findings.problems
    assert isinstance(problem, IdentifierError)
    assert "2 of 3 rows are transcripts" in problem.what
    assert "sum the transcripts" in (problem.next_step or "")


def test_accessions_need_a_table_that_has_them() -> None:
    _, findings = _settle(("P00001",), "uniprot", genes=None)
    (problem,) = findings.problems
    assert isinstance(problem, FactsError)
    assert "tmescope facts add hgnc --from FILE" in (problem.next_step or "")
    axis, findings = _settle(("sp|P00001|CCN2_HUMAN", "P00003-2"), "uniprot")
    assert axis.mapping.gene_symbols == ("CCN2", "GZMA")
    assert findings.problems == []


def test_mixed_identifiers_are_counted() -> None:
    _, findings = _settle(("CCN2", "ENSG00000000077", "ENSG00000000078.1", "915", "P2RY12", "ODD"))
    (warning,) = [w for w in findings.warnings if w.code == "genes.mixed_identifiers"]
    assert "2 Ensembl ids, 1 whole numbers" in warning.message
    assert warning.count == 4  # P2RY12 has the form of an accession, and is more than 5% of these names
    _, findings = _settle(("ENSG00000000001", "ERCC-00002", "915"), "ensembl")
    (warning,) = [w for w in findings.warnings if w.code == "genes.mixed_identifiers"]
    assert "1 whole numbers, 1 other names" in warning.message


def test_the_table_is_named_in_the_evidence() -> None:
    assert "Looked up in made up, 3 genes." in _settle(("CCN2",))[1].quality()["evidence"].iloc[-1]
    assert "Looked up" not in _settle(("CCN2",), genes=None)[1].quality()["evidence"].iloc[-1]


# ---- a real cohort under other names --------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> GeneTable:
    home = tmp_path_factory.mktemp("facts")
    install("hgnc", shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz", home=home)
    return load_full_genes(home)


@pytest.fixture(scope="module")
def cohort(shared_data: Path) -> pd.DataFrame:
    return (
        pd.read_parquet(shared_data / "cohorts" / "riaz2017_melanoma_pd1" / "expression.parquet")
        .iloc[:, :4]
        .astype(float)
    )


@pytest.mark.parametrize("kind", ["ensembl", "entrez", "uniprot"])
def test_a_real_cohort_under_other_names_is_the_same(
    full: GeneTable, cohort: pd.DataFrame, tmp_path: Path, kind: Identifiers
) -> None:
    ids = {
        g.gene_symbol: {"ensembl": f"{g.ensembl_id}.7", "entrez": g.entrez_id, "uniprot": "|".join(g.uniprot_ids[:1])}[
            kind
        ]
        for g in full
        if {"ensembl": g.ensembl_id, "entrez": g.entrez_id, "uniprot": "|".join(g.uniprot_ids[:1])}[kind]
    }
    known = cohort[[symbol in ids for symbol in cohort.index]]
    renamed = known.rename(index=ids)
    renamed.to_csv(tmp_path / "m.tsv", sep="\t", index_label="gene")
    needed = [g.gene_symbol for g in load_genes() if g.gene_symbol in known.index]
    read = read_cohort(
        tmp_path / "m.tsv",
        options=CohortOptions("c", "log2(tpm+0.001)", identifiers=kind, gene_table=full),
        needed_genes=needed,
    )
    assert len(needed) > 3000
    assert "missing" not in set(read.gene_mapping["reason"])
    by_symbol = read.adata.to_df().T
    np.testing.assert_allclose(by_symbol.loc[list(known.index)], known, rtol=1e-12)


def test_with_the_full_table_nearly_every_gene_of_a_real_cohort_has_its_id(
    full: GeneTable, cohort: pd.DataFrame, tmp_path: Path
) -> None:
    cohort.to_parquet(tmp_path / "m.parquet")
    options = CohortOptions("c", "log2(tpm+0.001)", gene_table=full)
    read = read_cohort(tmp_path / "m.parquet", options=options)
    assert read.adata.n_vars == len(cohort)
    assert read.adata.var["hgnc_id"].notna().mean() > 0.9
    plain = read_cohort(tmp_path / "m.parquet", options=CohortOptions("c", "log2(tpm+0.001)"))
    assert plain.adata.var["hgnc_id"].notna().mean() < 0.3
