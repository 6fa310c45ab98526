"""What a simulated tumour atlas holds: cell types, patients, and the effects that are planted in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tmescope.foundation.errors import InputError

__all__ = ["AtlasEffects", "AtlasPlan"]

TYPES = (
    "malignant", "CD8 T cell", "CD4 T cell", "regulatory T cell", "NK cell", "B cell", "plasma cell", "monocyte",
    "macrophage", "conventional DC", "plasmacytoid DC", "mast cell", "fibroblast", "endothelial cell", "pericyte",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AtlasEffects:
    """What differs between patients who respond and those who do not.

    Parameters
    ----------
    abundant_type, expressing_type : str
        The cell type that responders have more of, and the one in which they express a set of genes more.
    log_ratio : float
        Added to the log of the abundant type's share before shares are scaled to one.
    log2_fold : float
        Of the gene set in the expressing type.
    n_genes : int
        Size of that gene set.
    on_treatment_log2_fold : float
        Of the same set in the same type, in samples taken on treatment.
    """

    abundant_type: str = "CD8 T cell"
    expressing_type: str = "macrophage"
    log_ratio: float = 0.8
    log2_fold: float = 0.6
    n_genes: int = 40
    on_treatment_log2_fold: float = 0.3


@dataclass(frozen=True, kw_only=True)
class AtlasPlan:
    """Sizes of a simulated atlas.

    Parameters
    ----------
    n_cells : int
        Cells of all samples together.
    n_patients, n_on_treatment : int
        Patients with a sample before treatment, and how many of them have one on treatment too.
    n_genes : int
        Genes.
    types : tuple of str
        Names of the cell types.
    responding : float
        Share of patients who respond.
    n_markers : int
        Genes that a type expresses more than the others; half of them are shared with a neighbouring type.
    marker_log2_fold : float
        By how much, on average.
    counts_of_a_cell : float
        Median counts.
    depth_sd : float
        Standard deviation of the logarithm of a cell's counts.
    patient_sd : float
        Standard deviation of the natural logarithm of a gene's expression in a type between patients.
    composition_sd : float
        Standard deviation of the logarithm of a type's share between patients.
    dispersion : float
        Negative binomial dispersion of a gene between cells of a type and sample (truncated at three times the mean).
    ambient_share : float
        Share of a cell's counts that are of the sample's ambient RNA.
    dropout : float
        Mean share of cells in which a gene is lost altogether; genes differ.
    effects : AtlasEffects
        What is planted.

    Raises
    ------
    InputError
        If a size is below one, more samples are on treatment than there are patients, or an effect names another type.
    """

    n_cells: int = 20_000
    n_patients: int = 32
    n_on_treatment: int = 8
    n_genes: int = 20_000
    types: tuple[str, ...] = TYPES
    responding: float = 0.5
    n_markers: int = 60
    marker_log2_fold: float = 3.0
    counts_of_a_cell: float = 2400.0
    depth_sd: float = 0.5
    patient_sd: float = 0.25
    composition_sd: float = 0.5
    dispersion: float = 0.5
    ambient_share: float = 0.05
    dropout: float = 0.1
    effects: AtlasEffects = field(default_factory=AtlasEffects)

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        sizes = {n: getattr(self, n) for n in ("n_cells", "n_patients", "n_genes", "n_markers")}
        bad = [f"{name} {value}" for name, value in sizes.items() if value < 1]
        if not 0 <= self.n_on_treatment <= self.n_patients:
            bad.append(f"n_on_treatment {self.n_on_treatment}")
        needed = self.n_markers * len(self.types) + self.effects.n_genes
        if needed > self.n_genes:
            bad.append(f"n_genes {self.n_genes}: markers and the responders' set need {needed}")
        strange = {self.effects.abundant_type, self.effects.expressing_type} - set(self.types)
        bad += [f"type {name!r}" for name in sorted(strange)]
        if bad:
            raise InputError(
                f"no atlas can be drawn: {'; '.join(bad)}",
                where="AtlasPlan",
                expected="at least one of each, as many samples on treatment as patients at most, effects in its types",
            )
