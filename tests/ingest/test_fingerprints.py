from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.ingest.fingerprints import Overlap, Profile, find_overlaps, find_repeats, profile_of

GENES = [f"G{i}" for i in range(600)]
RNG = np.random.default_rng(11)
BASE = RNG.normal(5, 2, size=600)


def _cohort(n: int, seed: int) -> np.ndarray:
    return np.asarray(BASE + np.random.default_rng(seed).normal(0, 1, size=(n, 600)))


def _profile(values: np.ndarray, prefix: str, genes: list[str] = GENES) -> Profile:
    return profile_of(values, [f"{prefix}{i}" for i in range(len(values))], genes)


def _pairs(found: list[Overlap]) -> list[tuple[str, ...]]:
    return [(o.kind, *o.sample_ids) for o in found]


def test_strangers_share_nothing() -> None:
    assert find_overlaps({"a": _profile(_cohort(20, 1), "A"), "b": _profile(_cohort(20, 2), "B")}) == []


def test_a_copy_is_found_in_any_scale_gene_order_and_subset() -> None:
    a, b = _cohort(20, 1), _cohort(12, 2)
    b[3], b[7] = a[5], a[0]
    order = np.random.default_rng(0).permutation(600)[:300]
    linear = np.exp2(b[:, order]) * 17
    found = find_overlaps({"a": _profile(a, "A"), "b": _profile(linear, "B", [GENES[i] for i in order])})
    assert _pairs(found) == [("same", "A0", "B7"), ("same", "A5", "B3")]
    assert found[0].cohorts == ("a", "b")
    assert found[0].n_genes == 300
    assert found[0].correlation == pytest.approx(1.0)


def test_a_tumour_that_another_pipeline_processed_is_similar() -> None:
    a, b = _cohort(20, 1), _cohort(12, 2)
    noise = np.random.default_rng(5)
    b[3] = a[5] + noise.normal(0, 0.2, 600)
    b += noise.normal(0, 1, 600)
    assert _pairs(find_overlaps({"a": _profile(a, "A"), "b": _profile(b, "B")})) == [("similar", "A5", "B3")]


def test_few_genes_few_samples_missing_values_and_constants() -> None:
    a, b = _cohort(3, 1), _cohort(1, 2)
    b[0] = a[2]
    assert _pairs(find_overlaps({"a": _profile(a, "A"), "b": _profile(b, "B")})) == [("same", "A2", "B0")]
    few = GENES[:49]
    assert find_overlaps({"a": _profile(a[:, :49], "A", few), "b": _profile(b[:, :49], "B", few)}) == []
    b[0, :30] = np.nan
    assert find_overlaps({"a": _profile(a, "A"), "b": _profile(b, "B")})[0].n_genes == 570
    flat = np.ones((10, 600))
    assert find_overlaps({"a": _profile(flat, "A"), "b": _profile(flat, "B")}) == []
    assert find_overlaps({}) == []


def test_a_column_that_stands_twice_in_one_cohort() -> None:
    a = _cohort(20, 1)
    a[7] = a[2] * 3 + 1
    a[9] = a[2]
    (first, second, third) = find_repeats("a", _profile(a, "A"))
    assert [first.sample_ids, second.sample_ids, third.sample_ids] == [("A2", "A7"), ("A2", "A9"), ("A7", "A9")]
    assert (first.cohorts, first.kind, first.n_genes) == (("a", "a"), "same", 600)
    assert first.correlation == pytest.approx(1.0)
    assert find_repeats("b", _profile(_cohort(20, 2), "B")) == []
    assert find_repeats("c", _profile(a[:, :49], "C", GENES[:49])) == []
    assert find_repeats("d", _profile(np.ones((10, 600)), "D")) == []


def test_a_mapped_file_gives_the_same_as_values_in_memory(tmp_path: Path) -> None:
    a, b = _cohort(20, 1), _cohort(12, 2)
    b[3] = a[5]
    np.save(tmp_path / "a.npy", a)
    mapped = _profile(np.load(tmp_path / "a.npy", mmap_mode="r"), "A")
    assert find_overlaps({"a": mapped, "b": _profile(b, "B")}) == find_overlaps(
        {"a": _profile(a, "A"), "b": _profile(b, "B")}
    )


def test_a_thousand_samples_in_seconds() -> None:
    rng = np.random.default_rng(1)
    cohorts = {name: rng.normal(size=(500, 15_000)) for name in ("a", "b")}
    cohorts["b"][17] = cohorts["a"][400]
    genes = [f"G{i}" for i in range(15_000)]
    began = time.process_time()
    found = find_overlaps({k: _profile(v, k, genes) for k, v in cohorts.items()})
    assert _pairs(found) == [("same", "a400", "b17")]
    assert time.process_time() - began < 10


STUDIES = {
    "Hugo": "hugo2016_melanoma_pd1",
    "Jung": "jung2019_nsclc_pd1_male",
    "Limagne2": "limagne2_nsclc_pd1",
    "Liu": "liu2019_melanoma_pd1",
    "Mariathasan": "imvigor210",
    "Nathanson": "nathanson2017_melanoma_ctla4",
    "Padron": "padron2022_pdac_chemo_pd1_cd40",
    "Riaz": "riaz2017_melanoma_pd1",
    "Snyder": "snyder2017_uc_pdl1_male",
    "Van_Allen": "vanallen2015_melanoma_ctla4",
}


def _real(path: Path) -> Profile:
    frame = pd.read_csv(path, sep="\t", index_col=0) if path.suffix == ".gz" else pd.read_parquet(path)
    return profile_of(np.ascontiguousarray(frame.to_numpy(float).T), list(frame.columns), [str(g) for g in frame.index])


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def test_real_samples_are_found_again_and_no_others(shared_data: Path) -> None:
    pan = _real(shared_data / "bulk" / "icb_pan" / "expression.tsv.gz")
    cohorts = {c: _real(shared_data / "cohorts" / c / "expression.parquet") for c in STUDIES.values()}
    there = {(c, _plain(i)): i for c, p in cohorts.items() for i in p.sample_ids}
    truth = set()
    for name in pan.sample_ids:
        study, _, sample = name.partition(".")
        if (twin := there.get((STUDIES.get(study, ""), _plain(sample)))) is not None:
            truth.add((name, STUDIES[study], twin))
    assert len(truth) == 461
    found = {
        (o.sample_ids[0], cohort, o.sample_ids[1])
        for cohort, profile in cohorts.items()
        for o in find_overlaps({"pan": pan, cohort: profile})
    }
    assert len(found & truth) / len(truth) == 1.0, "recall"
    assert len(found & truth) / len(found) == 1.0, f"precision: {sorted(found - truth)[:5]}"
    assert find_overlaps(cohorts) == [], "the ten cohorts share no patient"
    assert [r for name, p in {**cohorts, "pan": pan}.items() for r in find_repeats(name, p)] == []


def test_the_same_tumours_in_another_pipeline(shared_data: Path) -> None:
    folder = shared_data / "cohorts" / "imvigor210"
    named = pd.read_csv(folder / "samples.tsv", sep="\t", dtype=str).set_index("sample_id")["sam_id"]
    full, other = _real(folder / "expression_full86.parquet"), _real(folder / "expression_iobr348.parquet")
    found = find_overlaps({"full": full, "iobr": other})
    right = [o for o in found if named[o.sample_ids[0]] == o.sample_ids[1]]
    assert len(right) == len(found), "precision"
    assert len(right) >= 84, "recall over 86"
