from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tmescope.associate.cutoff_files import FORMAT_VERSION, cutoff_hash, read_cutoff, write_cutoff
from tmescope.associate.frozen_cutoffs import FrozenCutoff
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError

OLD = Path(__file__).with_name("cutoff_1.json")
CUTOFF = FrozenCutoff(
    feature="CD8 α",
    source="mean_z",
    unit="z-score",
    cut=0.1 + 0.2,
    direction=1,
    chosen_by="maximally selected log-rank statistic",
    cohort_id="first",
    endpoint="OS",
    n=160,
    n_events=101,
    n_low=90,
    n_high=70,
    statistic=3.5,
    p_naive=0.0004,
    p_lau92=0.02,
    p_lau94=0.015,
    p_exact_gauss=float("nan"),
    p_permutation=0.01,
)


def _same(a: FrozenCutoff, b: FrozenCutoff) -> bool:
    return replace(a, p_exact_gauss=0.0) == replace(b, p_exact_gauss=0.0) and np.isnan(a.p_exact_gauss) == np.isnan(
        b.p_exact_gauss
    )


def test_what_is_written_is_read_to_the_last_bit(tmp_path: Path) -> None:
    write_cutoff(CUTOFF, tmp_path / "a.json")
    write_cutoff(CUTOFF, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert _same(read_cutoff(tmp_path / "a.json"), CUTOFF)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_the_first_format_is_read() -> None:
    assert FORMAT_VERSION == 1
    assert _same(read_cutoff(OLD), CUTOFF)


def _changed(tmp_path: Path, **changes) -> Path:
    page = json.loads(OLD.read_text(encoding="utf-8"))
    path = tmp_path / "changed.json"
    path.write_text(json.dumps({**page, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"cut": 0.5}, "another sha256"),
        ({"cut": "0.3"}, "cut is '0.3', not of the kind float"),
        ({"cut": None}, "cut-off of CD8 α is nan"),
        ({"n": 1.5}, "n is 1.5, not of the kind int"),
        ({"n": True}, "n is True"),
        ({"direction": 7}, "direction is 7"),
        ({"feature": ["x"]}, "feature is"),
        ({"format": "other"}, "calls itself 'other'"),
        ({"sha256": "0"}, "another sha256"),
        ({"version": "new"}, "invalid literal"),
    ],
)
def test_changed_files_are_refused(tmp_path: Path, changes, match: str) -> None:
    with pytest.raises(FileFormatError, match=match):
        read_cutoff(_changed(tmp_path, **changes))


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "\0", '{"format": NaN}', "[" * 100_000, '{"a": 1}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match="no frozen cut-off"):
        read_cutoff(tmp_path / "x.json")


def test_numbers_beyond_all_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(OLD.read_text(encoding="utf-8").replace('"statistic": 3.5', '"statistic": 1e999'), encoding="utf-8")
    with pytest.raises(FileFormatError):
        read_cutoff(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError):
        read_cutoff(path)
    path.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(FileFormatError, match="larger than 1 MiB"):
        read_cutoff(path)


def test_a_missing_and_a_newer_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"no cut-off 'no.json'"):
        read_cutoff(tmp_path / "no.json")
    with pytest.raises(FormatVersionError, match="format 2"):
        read_cutoff(_changed(tmp_path, version=2))


def test_the_hash_knows_every_field() -> None:
    assert cutoff_hash(CUTOFF) != cutoff_hash(replace(CUTOFF, unit="log2"))
    assert cutoff_hash(CUTOFF) != cutoff_hash(replace(CUTOFF, p_exact_gauss=0.01))
