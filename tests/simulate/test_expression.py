from __future__ import annotations

import numpy as np
import pytest

from tmescope.foundation.errors import ScaleError
from tmescope.foundation.scale import Scale, convert
from tmescope.simulate.expression import draw_purity, draw_tpm, to_file_scale
from tmescope.simulate.programmes import PROGRAMMES, GenePanel, GeneRole, build_panel, draw_latent

NAMES = [p.name for p in PROGRAMMES]


def _panel() -> GenePanel:
    roles = (
        GeneRole("immune", "inflamed", 1.0, tuple(f"I{i}" for i in range(20))),
        GeneRole("second", "inflamed", 1.0, tuple(f"J{i}" for i in range(20))),
        GeneRole("low oxygen", "hypoxia", 0.8, tuple(f"H{i}" for i in range(20))),
    )
    return build_panel(roles, other_genes=[], n_background=1000, rng=np.random.default_rng(1))


def _mean(panel: GenePanel, tpm: np.ndarray, letter: str) -> np.ndarray:
    rows = [i for i, s in enumerate(panel.symbols) if s.startswith(letter)]
    return np.log2(tpm[rows] + 1).mean(axis=0)


def test_samples_sum_to_a_million_and_genes_follow_their_programme() -> None:
    panel, latent = _panel(), draw_latent(300, rng=np.random.default_rng(2))
    tpm = draw_tpm(panel, latent, purity=np.full(300, 0.6), purity_effect=0.3, rng=np.random.default_rng(3))
    np.testing.assert_allclose(tpm.sum(axis=0), 1e6, rtol=1e-4)
    assert (tpm >= 0).all()
    assert 0.01 < (tpm == 0).mean() < 0.2
    first, second, low = (_mean(panel, tpm, x) for x in "IJH")
    inflamed = latent[:, NAMES.index("inflamed")]
    assert np.corrcoef(first, inflamed)[0, 1] > 0.85
    assert np.corrcoef(low, latent[:, NAMES.index("hypoxia")])[0, 1] > 0.85
    assert abs(np.corrcoef(low, inflamed)[0, 1]) < 0.15
    assert 0.7 < np.corrcoef(first, second)[0, 1] < 0.97  # two sets of one programme, not one set twice


def test_purity_dilutes_the_microenvironment_alone() -> None:
    panel, latent = _panel(), np.zeros((400, len(PROGRAMMES)))
    purity = np.repeat([0.3, 0.9], 200)
    tpm = draw_tpm(panel, latent, purity=purity, purity_effect=1.0, rng=np.random.default_rng(4))
    change = [_mean(panel, tpm, x)[:200].mean() - _mean(panel, tpm, x)[200:].mean() for x in "IH"]
    assert change[0] > 1.5
    assert abs(change[1]) < 0.3
    none = draw_tpm(panel, latent, purity=purity, purity_effect=0.0, rng=np.random.default_rng(4))
    assert abs(_mean(panel, none, "I")[:200].mean() - _mean(panel, none, "I")[200:].mean()) < 0.15


def test_purity_is_a_share_and_falls_with_infiltrate() -> None:
    latent = draw_latent(5000, rng=np.random.default_rng(5))
    purity = draw_purity(latent, rng=np.random.default_rng(6))
    assert ((purity > 0) & (purity < 1)).all()
    assert np.corrcoef(purity, latent[:, NAMES.index("inflamed")])[0, 1] < -0.1
    assert abs(np.corrcoef(purity, latent[:, NAMES.index("hypoxia")])[0, 1]) < 0.05


@pytest.mark.parametrize("scale", ["tpm", "log2(tpm+1)", "log2(tpm+0.001)"])
def test_file_scales_go_back_to_tpm(scale: str) -> None:
    tpm = np.array([0.0, 0.01, 1.0, 250.0, 40000.0])
    back, n_clipped = convert(to_file_scale(tpm, scale), Scale.parse(scale), Scale("tpm"))
    np.testing.assert_allclose(back, tpm, rtol=1e-4, atol=1e-4)
    assert n_clipped == (scale == "log2(tpm+0.001)")  # its zero is rounded to a little below the floor


def test_a_scale_of_another_unit_is_refused() -> None:
    with pytest.raises(ScaleError):
        to_file_scale(np.ones(2), "counts")
