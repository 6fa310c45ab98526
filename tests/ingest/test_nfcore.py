from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.ingest.conftest import GENES

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError, UnknownNameError
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.expression import read_matrix
from tmescope.ingest.nfcore import read_nfcore
from tmescope.ingest.options import CohortOptions

Write = Callable[[str, str | bytes], Path]

TPM = "gene_id\tgene_name\tS1\tS2\nENSG00000153563.16\tCD8A\t1.5\t2\nENSG00000999999.1\t\t0\t4\n"


def test_the_declared_column_names_the_genes(write: Write) -> None:
    path = write("salmon.merged.gene_tpm.tsv", TPM)
    by_id = read_nfcore(path, gene_column="gene_id")
    assert by_id.rows == ("ENSG00000153563.16", "ENSG00000999999.1")
    assert by_id.columns == ("S1", "S2")
    np.testing.assert_array_equal(by_id.by_column, [[1.5, 0], [2, 4]])
    by_name = read_nfcore(path, gene_column="gene_name")
    assert by_name.rows == ("CD8A", "ENSG00000999999.1")
    assert [n.code for n in by_name.notes] == ["genes.column", "genes.unnamed"]


def test_nothing_is_chosen_for_the_caller(write: Write) -> None:
    path = write("salmon.merged.gene_tpm.tsv", TPM)
    with pytest.raises(ExpressionError, match="nothing says which") as caught:
        read_nfcore(path)
    assert caught.value.where == f"{path}, gene_column"
    with pytest.raises(UnknownNameError, match="'symbol'"):
        read_nfcore(path, gene_column="symbol")


@pytest.mark.parametrize("header", ["gene_id\tS1\tS2\tS3", "gene\tgene_name\tS1\tS2", "gene_id\tgene_name"])
def test_another_header_is_refused(write: Write, header: str) -> None:
    with pytest.raises(FileFormatError, match="the header begins") as caught:
        read_nfcore(write("a.tsv", f"{header}\nx\ty\t1\t2\n"), gene_column="gene_id")
    assert "line 1" in (caught.value.where or "")


@pytest.mark.parametrize("name", ["length", "gene_length", "Length", '"effective_length"'])
def test_a_column_of_lengths_is_no_sample(write: Write, name: str) -> None:
    path = write("a.tsv", f"gene_id\tgene_name\t{name}\tS1\tS2\nx\ty\t100\t1\t2\n")
    with pytest.raises(FileFormatError, match="1 columns hold lengths of genes, not a sample"):
        read_matrix(path, "nfcore_rnaseq", gene_column="gene_id")


@pytest.mark.parametrize(("scale", "summed"), [("tpm", True), ("log2(tpm+1)", False)])
def test_repeated_symbols_are_summed_on_linear_scales_only(write: Write, scale: str, summed: bool) -> None:
    rows = [f"ENSG{i:011d}\t{gene}\t{i + 1}\t{i + 2}" for i, gene in enumerate([*GENES, GENES[0]])]
    path = write("salmon.merged.gene_tpm.tsv", "\n".join(["gene_id\tgene_name\tS1\tS2", *rows, ""]))
    options = CohortOptions("a", scale, gene_column="gene_name")
    if not summed:
        with pytest.raises(TmescopeError, match="1 genes occur more than once"):
            read_cohort(path, options=options)
        return
    cohort = read_cohort(path, options=options)
    assert cohort.adata[:, GENES[0]].X.ravel().tolist() == [62.0, 64.0]
    checks = cohort.quality.set_index("check")
    assert checks.loc["gene names", "value"] == "gene_name"
    assert checks.loc["gene names", "status"] == "notice"
    assert {"genes.column", "genes.summed"} <= {w.code for w in cohort.warnings}


def test_gene_column_says_nothing_about_other_formats(write: Write) -> None:
    with pytest.raises(ExpressionError, match="a tsv file has one column of names"):
        read_cohort(write("a.tsv", "g\tS1\nA\t1\n"), options=CohortOptions("a", "tpm", gene_column="g"))


@pytest.mark.parametrize(("column", "kind"), [("gene_name", "symbol"), ("gene_id", "ensembl")])
def test_whichever_column_names_the_genes_the_copy_on_y_is_not_added(write: Write, column: str, kind: str) -> None:
    rows = [f"ENSG{i:011d}.1\tX{i}\t5\t5" for i in range(60)]
    pair = ["ENSG00000002586.20\tCD99\t100\t101", "ENSG00000002586.20_PAR_Y\tCD99\t100\t101"]
    path = write("salmon.merged.gene_tpm.tsv", "\n".join(["gene_id\tgene_name\tS1\tS2", *pair, *rows, ""]))
    options = CohortOptions("a", "tpm", gene_column=column, identifiers=kind)  # type: ignore[arg-type]
    cohort = read_cohort(path, options=options)
    assert cohort.adata[:, "CD99"].X.ravel().tolist() == [100.0, 101.0]
    codes = {w.code for w in cohort.warnings}
    assert "genes.y_copies" in codes
    assert not codes & {"genes.summed", "genes.mixed_identifiers"}
    reasons = cohort.gene_mapping.set_index("input_id")["reason"]
    assert reasons["ENSG00000002586.20_PAR_Y"] == "Y copy"
    evidence = cohort.quality.set_index("check").loc["copies on chromosome Y", "evidence"]
    assert "50.0% of what both hold" in evidence


def test_an_open_quote_takes_no_genes_away(write: Write) -> None:
    rows = TPM.splitlines()
    text = "\n".join([rows[0], 'ENSG1\t"CD8A\t1.5\t2', "ENSG2\tCD4\t3\t4", 'ENSG3\tCD3E"\t5\t6', ""])
    with pytest.raises(FileFormatError, match="line 2 has a quote that is not closed"):
        read_nfcore(write("salmon.merged.gene_tpm.tsv", text), gene_column="gene_id")
