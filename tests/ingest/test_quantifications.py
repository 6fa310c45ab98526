from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tmescope.foundation.errors import ExpressionError, FileFormatError, UnknownNameError
from tmescope.foundation.scale import Scale
from tmescope.ingest.quantifications import find_kind, read_quantification

Write = Callable[[str, str | bytes], Path]

SALMON = "Name\tLength\tEffectiveLength\tTPM\tNumReads\nENSG01.2\t1000\t900\t1.5\t10.25\nENSG02\t500\t400\t0\t0\n"
RSEM = (
    "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
    "ENSG01\tENST01,ENST02\t10\t9\t3.00\t4.00\t5.00\nENSG02\tENST03\t10\t9\t0\t0\t0\n"
)
KALLISTO = "target_id\tlength\teff_length\test_counts\ttpm\nENSG01\t10\t9\t3\t4\nENSG02\t10\t9\t0\t0\n"
FEATURECOUNTS = (
    '# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "genes.gtf"\n'
    "Geneid\tChr\tStart\tEnd\tStrand\tLength\tS1.bam\nENSG01\t1;1\t1;5\t2;9\t+;+\t7\t3\nENSG02\t1\t1\t9\t-\t9\t0\n"
)
HTSEQ = "ENSG01\t3\nENSG02\t0\n__no_feature\t100\n__ambiguous\t7\n"
STAR = (
    "N_unmapped\t9\t9\t9\nN_multimapping\t8\t8\t8\nN_noFeature\t7\t70\t70\nN_ambiguous\t1\t1\t1\n"
    "ENSG01\t3\t1\t2\nENSG02\t0\t0\t0\n"
)
GDC = (
    "# gene-model: GENCODE v36\n"
    "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded\tfpkm_unstranded\t"
    "fpkm_uq_unstranded\nN_unmapped\t\t\t9\t9\t9\t\t\t\nN_ambiguous\t\t\t7\t1\t1\t\t\t\n"
    "ENSG01.5\tCD8A\tprotein_coding\t3\t1\t2\t1.5\t0.5\t0.75\nENSG02.1\tCD4\tprotein_coding\t0\t0\t0\t0\t0\t0\n"
)
ATTRIBUTES = (
    FEATURECOUNTS.replace("Length\t", "Length\tgene_name\t").replace("7\t3", "7\tCD8A\t3").replace("9\t0", "9\t4\t0")
)
HTSEQ_NAMED = "ENSG01\tCD8A\t3\nENSG02\tCD4\t0\n__no_feature\t\t100\n__ambiguous\t\t7\n"
TABLE = "symbol\tlength\tvst\nCD8A\t100\t7.5\nCD4\t200\tNA\n"

READ = [
    (SALMON, "tpm", None, "salmon quant.sf", "TPM", [1.5, 0]),
    (SALMON, "counts", None, "salmon quant.sf", "NumReads", [10.25, 0]),
    (SALMON, "counts", "NumReads", "salmon quant.sf", "NumReads", [10.25, 0]),
    (RSEM, "tpm", None, "RSEM genes.results", "TPM", [4, 0]),
    (RSEM, "counts", None, "RSEM genes.results", "expected_count", [3, 0]),
    (RSEM, "fpkm", None, "RSEM genes.results", "FPKM", [5, 0]),
    (KALLISTO, "tpm", None, "kallisto abundance.tsv", "tpm", [4, 0]),
    (KALLISTO, "counts", None, "kallisto abundance.tsv", "est_counts", [3, 0]),
    (FEATURECOUNTS, "counts", None, "featureCounts", "S1.bam", [3, 0]),
    (HTSEQ, "counts", None, "htseq-count", "count", [3, 0]),
    (STAR, "counts", "unstranded", "STAR ReadsPerGene.out.tab", "unstranded", [3, 0]),
    (STAR, "counts", "forward", "STAR ReadsPerGene.out.tab", "forward", [1, 0]),
    (STAR, "counts", "reverse", "STAR ReadsPerGene.out.tab", "reverse", [2, 0]),
    (TABLE, "log2_array", "vst", "table", "vst", [7.5, np.nan]),
    (f"# made here\n# twice\n{TABLE}", "log2_array", "vst", "table", "vst", [7.5, np.nan]),
    ("gene_id\tgene_name\tS1\nENSG01\tCD8A\t2\nENSG02\tCD4\t3\n", "tpm", "S1", "table", "S1", [2, 3]),
    ("Geneid\t101\nENSG01\t5\nENSG02\t7\n", "counts", None, "table", "101", [5, 7]),
    ('""\t"S1"\n"ENSG01"\t5\n"ENSG02"\t7\n', "counts", None, "table", "S1", [5, 7]),
    ("\ufeffENSG01\t3\nENSG02\t0\n__no_feature\t1\n", "counts", None, "htseq-count", "count", [3, 0]),
    ("ENSG01\t3\nENSG02\t0\nno_feature\t1\nnot_aligned\t9\n", "counts", None, "htseq-count", "count", [3, 0]),
    (HTSEQ_NAMED, "counts", None, "htseq-count", "count", [3, 0]),
    (ATTRIBUTES, "counts", None, "featureCounts", "S1.bam", [3, 0]),
]
GDC_KIND = "GDC augmented_star_gene_counts.tsv"


@pytest.mark.parametrize(("text", "scale", "column", "kind", "read", "values"), READ)
@pytest.mark.parametrize("packed", [False, True])
def test_the_scale_says_the_column(
    write: Write, text: str, scale: str, column: str | None, kind: str, read: str, values: list[float], packed: bool
) -> None:
    path = write("q.gz", gzip.compress(text.encode(), mtime=0)) if packed else write("q.sf", text)
    assert find_kind(path) == kind
    found = read_quantification(path, Scale.parse(scale), value_column=column)
    assert (found.kind, found.column) == (kind, read)
    np.testing.assert_array_equal(found.values, values)
    assert len(found.genes) == 2
    assert found.genes[0].startswith(("ENSG01", "CD8A"))


def test_a_table_with_commas_and_a_column_of_genes(write: Write) -> None:
    path = write("q.csv", 'id,"gene",value\n1,"CD8A",3\n2,CD4,4\n')
    found = read_quantification(path, Scale.parse("tpm"), value_column="value", gene_column="gene")
    assert found.genes == ("CD8A", "CD4")
    assert found.values.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("text", "scale", "column", "genes", "read", "names", "values"),
    [
        (GDC, "counts", None, "gene_id", "unstranded", ("ENSG01.5", "ENSG02.1"), [3, 0]),
        (GDC, "counts", "stranded_second", "gene_name", "stranded_second", ("CD8A", "CD4"), [2, 0]),
        (GDC, "tpm", None, "gene_name", "tpm_unstranded", ("CD8A", "CD4"), [1.5, 0]),
        (GDC, "fpkm", None, "gene_name", "fpkm_unstranded", ("CD8A", "CD4"), [0.5, 0]),
        (HTSEQ_NAMED, "counts", None, "attribute_1", "count", ("CD8A", "CD4"), [3, 0]),
        (ATTRIBUTES, "counts", None, "gene_name", "S1.bam", ("CD8A", "4"), [3, 0]),
        (ATTRIBUTES, "counts", "S1.bam", "Geneid", "S1.bam", ("ENSG01", "ENSG02"), [3, 0]),
    ],
)
def test_formats_that_name_each_gene_twice(
    write: Write,
    text: str,
    scale: str,
    column: str | None,
    genes: str,
    read: str,
    names: tuple[str],
    values: list[float],
) -> None:
    path = write("q.tsv", text)
    found = read_quantification(path, Scale.parse(scale), value_column=column, gene_column=genes)
    assert (found.column, found.genes, found.values.tolist()) == (read, names, values)


def test_rows_between_two_quotes_are_not_lost(write: Write) -> None:
    text = 'gene\tdesc\ttpm\nA\t5" x\t1\nB\t"open\t2\nC\tz"\t3\nD\ty\t4\n'
    with pytest.raises(FileFormatError, match="line 3 has a quote that is not closed"):
        read_quantification(write("q.tsv", text), Scale.parse("tpm"), value_column="tpm")


REFUSED = [
    (GDC, "tpm", None, None, ExpressionError, "nothing says which name counts"),
    (GDC, "tpm", None, "gene_type", UnknownNameError, "'gene_type'"),
    (GDC, "tpm", "fpkm_uq_unstranded", "gene_id", ExpressionError, "tpm is in 'tpm_unstranded'"),
    (GDC, "cpm", None, "gene_id", ExpressionError, "holds no cpm"),
    ("ENSG01\t3.5\nENSG02\t7\n", "counts", None, None, FileFormatError, "neither a header nor a row of htseq"),
    ("ENSG01\t\nENSG02\t7\n", "counts", None, None, FileFormatError, "neither a header nor a row of htseq"),
    ("\t10\nENSG02\t0\n", "counts", None, None, FileFormatError, "neither a header nor a row of htseq"),
    ("ENSG01\t-3\nENSG02\t7\n", "counts", None, None, FileFormatError, "neither a header nor a row of htseq"),
    ("ENSG01\t3\t7\nENSG02\t7\t8\n", "counts", None, None, FileFormatError, "neither a header nor a row of htseq"),
    ("ENSG01\tCD8A\t7\nENSG02\tCD4\t8\n", "counts", None, None, FileFormatError, "neither a header nor a row"),
    ("gene\ttpm\ttpm\nA\t1\t2\n", "tpm", "tpm", None, ExpressionError, "2 columns are called 'tpm': columns 2, 3"),
    ("gene\tgene\ttpm\nA\tB\t2\n", "tpm", "tpm", "gene", ExpressionError, "2 columns are called 'gene'"),
    ("#1.2\n1\t1\nName\tDescription\tS1\nA\tx\t2\n", "tpm", None, None, FileFormatError, "the format 'gct'"),
    (SALMON, "fpkm", None, None, ExpressionError, "holds no fpkm"),
    (SALMON, "log2(tpm+1)", None, None, ExpressionError, "holds no log2"),
    (SALMON, "counts", "TPM", None, ExpressionError, "counts is in 'NumReads'"),
    (SALMON, "tpm", None, "Length", UnknownNameError, "'Length'"),
    (HTSEQ, "tpm", None, None, ExpressionError, "htseq-count holds no tpm"),
    (STAR, "counts", None, None, ExpressionError, "nothing says which column"),
    (STAR, "counts", "stranded", None, UnknownNameError, "'stranded'"),
    (STAR, "tpm", "forward", None, ExpressionError, "holds counts; the declared scale is tpm"),
    (FEATURECOUNTS, "tpm", None, None, ExpressionError, "holds counts"),
    (FEATURECOUNTS, "counts", "Length", None, UnknownNameError, "'Length'"),
    (FEATURECOUNTS.replace("S1.bam", "S1.bam\tS2.bam"), "counts", None, None, ExpressionError, "2 columns of counts"),
    (TABLE, "tpm", None, None, ExpressionError, "nothing says which column"),
    (TABLE, "tpm", "absent", None, UnknownNameError, "'absent'"),
    (TABLE, "tpm", "vst", "gene", UnknownNameError, "'gene'"),
    (TABLE, "tpm", "symbol", None, ExpressionError, "'symbol' names the genes and is declared"),
    (TABLE, "tpm", "symbol", "length", ExpressionError, "2 cells are not numbers: 'CD8A', 'CD4'"),
    (TABLE + "CD3E\t1\n", "tpm", "vst", None, FileFormatError, "line 4 has 2 cells"),
    ("symbol\tvst\n", "tpm", "vst", None, FileFormatError, "no rows"),
    ("symbol\n", "tpm", "vst", None, FileFormatError, "one column only"),
    (SALMON.replace("ENSG", "ENST000000"), "tpm", None, None, FileFormatError, "2 of 2 rows are transcripts"),
    (KALLISTO.replace("ENSG", "NM_0000"), "tpm", None, None, FileFormatError, "are transcripts: 'NM_000001'"),
    ("transcript_id\tgene_id\tTPM\nA\tB\t1\n", "tpm", None, None, FileFormatError, "'transcript_id'"),
    ("<!DOCTYPE html>", "tpm", None, None, FileFormatError, "a web page"),
    ("# Program:featureCounts1Geneid\n", "counts", None, None, FileFormatError, "nothing below the line"),
]


@pytest.mark.parametrize(("text", "scale", "column", "genes", "error", "says"), REFUSED)
def test_what_is_refused(
    write: Write, text: str, scale: str, column: str | None, genes: str | None, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_quantification(write("q.tsv", text), Scale.parse(scale), value_column=column, gene_column=genes)


def test_transcripts_are_refused_with_the_next_step(write: Write) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_quantification(write("quant.sf", SALMON.replace("ENSG", "ENST000000")), Scale.parse("tpm"))
    assert "salmon.merged.gene_tpm.tsv" in (caught.value.next_step or "")
