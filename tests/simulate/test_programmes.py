from __future__ import annotations

import numpy as np
import pytest

from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.simulate import programmes
from tmescope.simulate.programmes import PROGRAMMES, GeneRole, build_panel, bundled_roles, draw_latent

NAMES = [p.name for p in PROGRAMMES]


def test_latent_values_are_standard_normal_and_correlated_as_stated() -> None:
    latent = draw_latent(20_000, rng=np.random.default_rng(1))
    np.testing.assert_allclose(latent.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(latent.std(axis=0), 1.0, atol=0.03)
    found = np.corrcoef(latent.T)
    for k, programme in enumerate(PROGRAMMES):
        if programme.parent:
            assert found[k, NAMES.index(programme.parent)] == pytest.approx(programme.correlation, abs=0.03)


def test_the_planted_nulls_have_no_relatives() -> None:
    found = np.corrcoef(draw_latent(20_000, rng=np.random.default_rng(2)).T)
    for null in ("hypoxia", "proliferation"):
        k = NAMES.index(null)
        assert np.abs(np.delete(found[k], k)).max() < 0.03
        assert not any(p.parent == null for p in PROGRAMMES)


def test_parents_come_first() -> None:
    for k, programme in enumerate(PROGRAMMES):
        assert programme.parent == "" or programme.parent in NAMES[:k]


def test_bundled_sets_follow_what_they_are_named_after() -> None:
    roles = {r.name: r for r in bundled_roles()}
    assert roles["hallmark_hypoxia"].programme == "hypoxia"
    assert roles["cyt"].genes == load_signature("cyt").genes
    assert roles["Fibroblasts"].programme == "tgfb_stroma"
    assert {r.programme for r in roles.values()} == set(NAMES)


def test_a_renamed_marker_population_is_told(monkeypatch) -> None:
    monkeypatch.setattr(programmes, "_MARKERS", (("T cell", "inflamed", 0.9),))
    with pytest.raises(UnknownNameError, match="marker population"):
        bundled_roles()


def _panel(**change):
    roles = (
        GeneRole("first", "inflamed", 1.0, ("CD8A", "GZMB")),
        GeneRole("second", "hypoxia", 0.5, ("CA9", "CD8A")),
    )
    arguments = {"roles": roles, "other_genes": ["TP53", "CA9"], "n_background": 500} | change
    return build_panel(
        arguments["roles"],
        other_genes=arguments["other_genes"],
        n_background=arguments["n_background"],
        rng=np.random.default_rng(3),
    )


def test_a_gene_follows_the_first_set_that_names_it() -> None:
    panel = _panel()
    at = {s: i for i, s in enumerate(panel.symbols)}
    assert list(panel.symbols) == sorted(panel.symbols)
    assert len(panel.symbols) == 504
    assert panel.programme[at["CD8A"]] == NAMES.index("inflamed")
    assert panel.programme[at["CA9"]] == NAMES.index("hypoxia")
    assert panel.programme[at["TP53"]] == panel.programme[at["BG00001"]] == -1
    assert (panel.role[at["CD8A"]], panel.role[at["CA9"]], panel.role[at["TP53"]]) == (0, 1, -1)
    assert panel.loading[at["CD8A"]] > 0.0 == panel.loading[at["BG00500"]]
    assert (panel.noise > 0).all()
    assert (panel.baseline < -10).sum() > 5  # genes that are not expressed at all


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="inflamd"):
        _panel(roles=(GeneRole("x", "inflamd", 1.0, ("CD8A",)),))
    with pytest.raises(InputError, match="BG00001"):
        _panel(roles=(GeneRole("x", "inflamed", 1.0, ("BG00001",)),))
