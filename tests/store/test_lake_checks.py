"""What a lake holds, and whether its files are as they were written."""

from __future__ import annotations

import pytest
from tests.store.lakes import batch, day, lake_of, mentions, paper, trial

from tmescope.foundation.errors import InputError
from tmescope.store.lake_checks import count_untagged, describe_lake, refuse_untagged, verify_lake


def _lake(folder):
    return lake_of(
        folder,
        {
            "pubmed26n0001.xml": [batch([paper(1), paper(2), paper(3)], trials=[trial(1, "2021-01-01")])],
            "pubmed26n0002.xml": [batch([paper(1, version=2)], deleted=[2])],
        },
    )


def test_a_bit_that_flips_a_file_that_is_cut_and_one_that_is_gone(tmp_path):
    lake = _lake(tmp_path)
    assert list(verify_lake(lake)) == []
    part = next(p for p in lake.parts if p.sequence == 20260001)
    documents, trials = (lake.path / "parts" / part.sha256 / f"{t}.parquet" for t in ("documents", "trials"))
    data = bytearray(documents.read_bytes())
    data[len(data) // 3] ^= 1
    documents.write_bytes(data)
    trials.write_bytes(trials.read_bytes()[:-7])
    other = next(p for p in lake.parts if p is not part)
    (lake.path / "parts" / other.sha256 / "deletions.parquet").unlink()
    found = {d.place.rpartition("/")[2]: (d.source, d.how) for d in verify_lake(lake)}
    assert found.keys() == {"documents.parquet", "trials.parquet", "deletions.parquet"}
    assert found["documents.parquet"] == ("pubmed26n0001.xml", "has another checksum than it was written with")
    assert "bytes instead of" in found["trials.parquet"][1]
    assert "cannot be read" in found["deletions.parquet"][1]


def test_what_is_told(tmp_path):
    facts = describe_lake(_lake(tmp_path))
    assert (facts.n_parts, facts.n_versions, facts.n_deleted, facts.n_mentions) == (2, 5, 1, 0)
    assert facts.kinds == (
        ("paper", "pubmed", 2, day("2020-01-02"), day("2020-01-04")),
        ("trial", "trials", 1, day("2020-03-01"), day("2020-03-01")),
    )
    assert facts.n_bytes > 10_000


def test_what_was_never_tagged_is_refused_and_what_is_not_tagged_yet_is_counted(tmp_path):
    lake = _lake(tmp_path)
    with pytest.raises(InputError, match="no paper or trial of the lake has been looked through"):
        refuse_untagged(lake)
    first = next(p for p in lake.parts if p.sequence == 20260001)
    lake.add_mentions(first, "d" * 16, mentions([{"doc_id": "pmid:3", "entity_id": "HGNC:1", "text": "A"}]))
    refuse_untagged(lake)
    assert count_untagged(lake) == (1, 1)
