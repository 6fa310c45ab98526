from __future__ import annotations

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.sample_columns import count_attributes, is_alignment


@pytest.mark.parametrize(
    ("names", "rows", "n"),
    [
        ("S1 S2", ["3 4"], 0),
        ("S1 S2", [], 0),
        ("S1 S2", ["NA 4", "3 x", "5 6"], 0),
        ("S1 S2", ["3,5 4", "1.234,5 4"], 0),
        ("a.bam b.sam", ["x 4", "y 4"], 0),
        ("a.bam b.bam", ["NA NA"], 0),
        ("tag a.bam", ["NA 4"], 1),
        ("description S1", ["CD8 5", "NA 5", "4 5"], 1),
        ("gene_version S1 S2", ["5 3 4"], 1),
        ("gene_version gene_name S1", ["5 TP53 3"], 2),
        ("gene_name level S1", ["TP53 2 3"], 2),
        ("hgnc_id ENTREZID gene_type S1", ["5 7 NA 3"], 3),
        ("wild_type knock_out", ["5 7"], 0),
        ("gene_name", ["TP53"], 1),
    ],
)
def test_samples_begin_behind_the_last_attribute(names: str, rows: list[str], n: int) -> None:
    assert count_attributes(names.split(), [row.split() for row in rows], where="a") == n


@pytest.mark.parametrize(
    ("names", "row", "doubtful"),
    [
        ("S1 b.bam", "3 4", "1 columns .*: 'S1'"),
        ("S1 S2 gene_name S3", "3 4 TP53 5", "2 columns .*: 'S1', 'S2'"),
        ("S1 S2 comment", "3 4 good", "2 columns .*: 'S1', 'S2'"),
        ("a.bam level", "3 4", "1 columns .*: 'level'"),
        ("a.bam comment b.bam", "3 good 4", "1 columns .*: 'comment'"),
    ],
)
def test_what_cannot_be_decided_is_refused(names: str, row: str, doubtful: str) -> None:
    with pytest.raises(FileFormatError, match=doubtful) as caught:
        count_attributes(names.split(), [row.split()], where="a, line 2")
    assert caught.value.where == "a, line 2"
    assert ".bam" in (caught.value.next_step or "")


def test_names_of_alignments() -> None:
    assert all(map(is_alignment, ("a.bam", "/x/A.BAM", "b.sam")))
    assert not any(map(is_alignment, ("bam", "a.bam.txt", "")))
