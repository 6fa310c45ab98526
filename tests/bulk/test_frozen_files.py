from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.frozen import apply_scores, fit_scores, model_hash
from tmescope.bulk.frozen_files import read_model, write_model
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError

GENES = [f"G{i}" for i in range(20)]


def cohort():
    values = np.random.default_rng(0).gamma(2.0, 2.0, size=(9, 20))
    uns = {"tmescope": {"scale": "log2(tpm+1)", "cohort_id": "c"}}
    obs = pd.DataFrame(index=[f"s{i}" for i in range(9)])
    return AnnData(X=values, obs=obs, var=pd.DataFrame(index=GENES), uns=uns)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "gsva.model"
    write_model(fit_scores(cohort(), {"a": GENES[:5], "b": {"G7": 1.0, "G8": -2.0}}, method="gsva"), path)
    return path


def test_a_model_comes_back_whole_and_scores_the_same(written):
    model = fit_scores(cohort(), {"a": GENES[:5], "b": {"G7": 1.0, "G8": -2.0}}, method="gsva")
    back = read_model(written)
    assert model_hash(back) == model_hash(model)
    assert (back.cohort, back.n_samples, back.scale) == ("c", 9, "log2(tpm+1)")
    pd.testing.assert_frame_equal(apply_scores(back, cohort()).table, apply_scores(model, cohort()).table)


def test_the_same_model_is_the_same_bytes(written, tmp_path):
    write_model(read_model(written), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == written.read_bytes()


def _rewrite(path, change):
    with zipfile.ZipFile(path) as archive:
        entries = {e.filename: archive.read(e) for e in archive.infolist()}
    head, text = entries["about.npy"][:128], json.loads(entries["about.npy"][128:])
    change(text)
    raw = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
    assert head[:6] == b"\x93NUMPY"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            with archive.open(name, "w") as handle:
                if name == "about.npy":
                    np.lib.format.write_array(handle, raw)
                else:
                    handle.write(content)


def test_a_changed_model_is_refused(written):
    _rewrite(written, lambda about: about["genes"].reverse())
    with pytest.raises(FileFormatError, match="another sha256"):
        read_model(written)


def test_a_newer_format_is_told(written):
    _rewrite(written, lambda about: about.update(version=99))
    with pytest.raises(FormatVersionError, match="format 99"):
        read_model(written)


@pytest.mark.parametrize("cut", [0, 10, 500, -40])
def test_a_damaged_file_is_refused(written, cut):
    whole = written.read_bytes()
    written.write_bytes(whole[:cut])
    with pytest.raises(FileFormatError, match="no frozen score"):
        read_model(written)


def test_pickled_and_compressed_entries_are_refused(tmp_path):
    for name, save, content in (
        ("pickled", np.savez, np.array([{}], dtype=object)),
        ("compressed", np.savez_compressed, np.zeros(9)),
    ):
        path = tmp_path / f"{name}.npz"
        save(path, about=content)
        with pytest.raises(FileFormatError):
            read_model(path)
    with pytest.raises(MissingFileError):
        read_model(tmp_path / "nothing")
