"""Latent programmes of a tumour and the genes that follow them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmescope.facts.signatures import load_collection, load_signature
from tmescope.foundation.errors import InputError, UnknownNameError, examples

__all__ = ["PROGRAMMES", "GenePanel", "GeneRole", "Programme", "build_panel", "bundled_roles", "draw_latent"]


@dataclass(frozen=True)
class Programme:
    """One latent axis along which tumours differ; standard normal over patients.

    Parameters
    ----------
    name : str
        Name in truth tables.
    parent : str
        Axis that it goes along with; empty where it is independent of all before it.
    correlation : float
        With the parent.
    in_tumour_cells : bool
        Whether tumour cells carry it, so that purity does not dilute it.
    """

    name: str
    parent: str = ""
    correlation: float = 0.0
    in_tumour_cells: bool = False


PROGRAMMES = (
    Programme("inflamed"),
    Programme("tgfb_stroma"),
    Programme("b_cells", "inflamed", 0.5),
    Programme("macrophages", "inflamed", 0.35),
    Programme("angiogenesis", "tgfb_stroma", 0.3),
    Programme("proliferation", in_tumour_cells=True),
    Programme("hypoxia", in_tumour_cells=True),
)
"""Axes in the order in which they are drawn; a parent comes before what goes along with it.

Hypoxia and proliferation are independent of the others and of every outcome: the planted nulls."""


@dataclass(frozen=True)
class GeneRole:
    """A set of genes that follows a programme.

    Parameters
    ----------
    name : str
        Name of the set.
    programme : str
        One of `PROGRAMMES`.
    loading : float
        Mean change of log2 TPM per standard deviation of the programme.
    genes : tuple of str
        Approved symbols.
    """

    name: str
    programme: str
    loading: float
    genes: tuple[str, ...]


@dataclass(frozen=True)
class GenePanel:
    """Genes of a study with the parameters that all its cohorts share; arrays have one value per gene.

    Parameters
    ----------
    symbols : tuple of str
        Sorted.
    programme : array of int
        Position in `PROGRAMMES`; -1 for none.
    role : array of int
        Position of the gene set through which it follows the programme; -1 for none.
    loading : array of float
        log2 TPM per standard deviation of the programme.
    baseline, noise : array of float
        Mean and residual standard deviation, in log2 of TPM before samples are brought to one million.
    """

    symbols: tuple[str, ...]
    programme: NDArray[np.int64]
    role: NDArray[np.int64]
    loading: NDArray[np.float64]
    baseline: NDArray[np.float64]
    noise: NDArray[np.float64]


# Short and specific sets first: a gene follows the first set that names it.
_SIGNATURES = (
    ("hypoxia_winter9", "hypoxia", 0.9),
    ("hypoxia_ye15", "hypoxia", 0.9),
    ("hypoxia_hu13", "hypoxia", 0.8),
    ("cyt", "inflamed", 1.1),
    ("t_effector", "inflamed", 1.0),
    ("ifng6", "inflamed", 1.0),
    ("tis18", "inflamed", 0.9),
    ("cytotoxic_cells_danaher", "inflamed", 0.9),
    ("exhausted_cd8_danaher", "inflamed", 0.8),
    ("t_cell_co_inhibition", "inflamed", 0.7),
    ("immune_checkpoint", "inflamed", 0.7),
    ("ayers_expanded_immune", "inflamed", 0.8),
    ("apm", "inflamed", 0.45),
    ("mhc_i", "inflamed", 0.4),
    ("mhc_ii", "inflamed", 0.6),
    ("b_cells_danaher", "b_cells", 1.1),
    ("tls_cabrita", "b_cells", 0.9),
    ("macrophages_danaher", "macrophages", 0.9),
    ("mdsc_wang", "macrophages", 0.5),
    ("macrophage_spp1", "macrophages", 0.7),
    ("macrophage_trem2", "macrophages", 0.7),
    ("macrophage_cxcl9", "macrophages", 0.6),
    ("pan_f_tbrs", "tgfb_stroma", 0.9),
    ("emt2_mariathasan", "tgfb_stroma", 0.8),
    ("emt3_mariathasan", "tgfb_stroma", 0.4),
)
_MARKERS = (
    ("T cells", "inflamed", 0.9),
    ("CD8 T cells", "inflamed", 1.0),
    ("Cytotoxic lymphocytes", "inflamed", 0.9),
    ("NK cells", "inflamed", 0.5),
    ("B lineage", "b_cells", 1.0),
    ("Monocytic lineage", "macrophages", 0.9),
    ("Myeloid dendritic cells", "macrophages", 0.5),
    ("Neutrophils", "macrophages", 0.3),
    ("Endothelial cells", "angiogenesis", 0.8),
    ("Fibroblasts", "tgfb_stroma", 0.9),
)
_LONG_SIGNATURES = (
    ("hallmark_angiogenesis", "angiogenesis", 0.6),
    ("hallmark_e2f_targets", "proliferation", 0.7),
    ("hallmark_g2m_checkpoint", "proliferation", 0.7),
    ("hallmark_hypoxia", "hypoxia", 0.5),
    ("hallmark_epithelial_mesenchymal_transition", "tgfb_stroma", 0.6),
    ("hallmark_tgf_beta_signaling", "tgfb_stroma", 0.4),
    ("hallmark_interferon_gamma_response", "inflamed", 0.5),
    ("hallmark_interferon_alpha_response", "inflamed", 0.4),
    ("hallmark_inflammatory_response", "macrophages", 0.4),
    ("estimate_immune", "inflamed", 0.6),
    ("estimate_stromal", "tgfb_stroma", 0.6),
)


def bundled_roles() -> tuple[GeneRole, ...]:
    """Return the bundled signatures and MCP-counter's markers, each with the programme that it follows here.

    Raises
    ------
    UnknownNameError
        If a bundled fact has been renamed.
    """
    markers = {population.name: population.genes for population in load_collection("mcp_counter")}
    unknown = [name for name, _, _ in _MARKERS if name not in markers]
    if unknown:
        raise UnknownNameError.of("marker population", unknown[0], markers)
    named = [(name, programme, loading, load_signature(name).genes) for name, programme, loading in _SIGNATURES]
    named += [(name, programme, loading, markers[name]) for name, programme, loading in _MARKERS]
    named += [(name, programme, loading, load_signature(name).genes) for name, programme, loading in _LONG_SIGNATURES]
    return tuple(GeneRole(name, programme, loading, tuple(genes)) for name, programme, loading, genes in named)


def draw_latent(n: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the latent values of n tumours.

    Returns
    -------
    array of float64, shape (n, number of programmes)
        Columns in the order of `PROGRAMMES`, each standard normal, correlated with its parent as stated
        there.
    """
    own = rng.standard_normal((n, len(PROGRAMMES)))
    names = [programme.name for programme in PROGRAMMES]
    for k, programme in enumerate(PROGRAMMES):
        if programme.parent:
            r = programme.correlation
            own[:, k] = r * own[:, names.index(programme.parent)] + np.sqrt(1.0 - r * r) * own[:, k]
    return own


def build_panel(
    roles: Iterable[GeneRole], *, other_genes: Iterable[str], n_background: int, rng: np.random.Generator
) -> GenePanel:
    """Draw the genes of a study: the programme of each, how strongly it follows, its level and its noise.

    Parameters
    ----------
    roles : iterable of GeneRole
        A gene follows the first set that names it.
    other_genes : iterable of str
        Real genes that follow no programme unless a role names them.
    n_background : int
        Number of genes with invented names.
    rng : numpy.random.Generator
        Source of randomness.

    Raises
    ------
    UnknownNameError
        If a role names a programme that there is not.
    InputError
        If a gene of a role is called like a background gene.
    """
    chosen = _follow(roles, other_genes)
    background = [f"BG{i:05d}" for i in range(1, n_background + 1)]
    clash = sorted(set(chosen).intersection(background))
    if clash:
        raise InputError(
            f"{len(clash)} genes are called like background genes: {examples(clash)}",
            where="argument roles",
            expected="symbols of real genes",
        )
    known = sorted(chosen)
    followed = [chosen[gene] for gene in known] + [(-1, -1, 0.0)] * n_background
    programme = np.array([k for k, _, _ in followed], dtype=np.int64)
    loading = np.array([mean for _, _, mean in followed]) * np.exp(0.2 * rng.standard_normal(programme.size))
    is_background = np.arange(programme.size) >= len(known)
    level, spread = np.where(is_background, 1.5, 1.0), np.where(is_background, 2.5, 1.5)
    baseline = level + spread * rng.standard_normal(programme.size)
    # genes that a tissue does not express at all: exact zeros in the file
    silent = is_background & (rng.random(programme.size) < 0.05)
    baseline[silent] = -20.0
    noise = 0.35 + 0.5 * rng.random(programme.size)
    symbols = known + background
    order = np.argsort(np.array(symbols), kind="stable")
    return GenePanel(
        symbols=tuple(symbols[i] for i in order),
        programme=programme[order],
        role=np.array([i for _, i, _ in followed], dtype=np.int64)[order],
        loading=loading[order],
        baseline=np.minimum(baseline, 10.0)[order],
        noise=noise[order],
    )


def _follow(roles: Iterable[GeneRole], other_genes: Iterable[str]) -> dict[str, tuple[int, int, float]]:
    """Return for each gene the positions of its programme and set (-1 for none), and the mean loading."""
    names = [programme.name for programme in PROGRAMMES]
    chosen: dict[str, tuple[int, int, float]] = {}
    for i, role in enumerate(roles):
        if role.programme not in names:
            raise UnknownNameError.of("programme", role.programme, names, where=f"gene set {role.name}")
        for gene in role.genes:
            chosen.setdefault(gene, (names.index(role.programme), i, role.loading))
    for gene in other_genes:
        chosen.setdefault(gene, (-1, -1, 0.0))
    return chosen
