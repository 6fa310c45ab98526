"""A reference in the formats of xCell, of made genes: small, and with planted cell types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from tmescope.facts.installed import install

TYPES = (
    "aDC",
    "Adipocytes",
    "B-cells",
    "CD4+ T-cells",
    "CD8+ T-cells",
    "DC",
    "Endothelial cells",
    "Eosinophils",
    "Fibroblasts",
    "Macrophages",
    "Mast cells",
    "Monocytes",
    "Neutrophils",
    "NK cells",
    *(f"type {i:02d}" for i in range(26)),
)
GENES = tuple(f"G{i:04d}" for i in range(1400))
OF_TYPE = {t: GENES[20 * i : 20 * i + 20] for i, t in enumerate(TYPES)}


def sets() -> dict[str, tuple[str, ...]]:
    """489 sets: each twelve of a type's twenty genes, and three of another type's."""
    rng = np.random.default_rng(5)
    found = {}
    for i in range(489):
        t = TYPES[i % len(TYPES)]
        other = TYPES[(i + 1) % len(TYPES)]
        genes = [*rng.choice(OF_TYPE[t], 12, replace=False), *rng.choice(OF_TYPE[other], 3, replace=False)]
        found[f"{t}%SET%{i}.txt"] = tuple(map(str, genes))
    return found


def spill_over(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spill-over of the next type into each, and powers and divisors in another order of the types."""
    rng = np.random.default_rng(seed)
    matrix = np.eye(len(TYPES))
    for i in range(len(TYPES)):  # the type whose genes stand in the sets of this one
        matrix[i, (i + 1) % len(TYPES)] = rng.uniform(0.2, 0.5)
    powers = pd.DataFrame({"V1": 1.0, "V2": rng.uniform(0.9, 1.2, len(TYPES)), "V3": rng.uniform(0.3, 0.5, len(TYPES))})
    powers.index = pd.Index(TYPES)
    return pd.DataFrame(matrix, index=TYPES, columns=TYPES), powers.iloc[::-1]


def write(folder: Path, *, arrays: bool = True) -> Path:
    """Write the files under the names that the registry states."""
    folder.mkdir(parents=True)
    rows = [f"{name}\t{gene}" for name, genes in sets().items() for gene in genes]
    (folder / "signatures_489.tsv").write_text("\n".join(["set\tgene_symbol", *rows]) + "\n")
    (folder / "genes_used.txt").write_text("\n".join(GENES) + "\n")
    for seed, name in enumerate(("spill", "spill.array")[: 1 + arrays]):
        matrix, powers = spill_over(seed)
        matrix.to_csv(folder / f"{name}_K.tsv", sep="\t", index_label="cell_type")
        powers.to_csv(folder / f"{name}_fv.tsv", sep="\t", index_label="cell_type")
    return folder


def installed(folder: Path, *, arrays: bool = True) -> Path:
    """Install the reference and return where."""
    home = folder / "facts"
    install("xcell", write(folder / "files", arrays=arrays), home=home, accepted=frozenset({"xcell"}))
    return home


def cohort(n: int = 30, *, seed: int = 0, scale: str = "tpm") -> tuple[AnnData, pd.DataFrame]:
    """Return tumours with known amounts of each cell type, whose genes rise with them, and the amounts."""
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(0.8, 1.0, size=(n, len(TYPES)))
    names = [*GENES, *(f"other {i}" for i in range(100))]
    means = rng.gamma(1.0, 20.0, size=len(names))
    values = means * rng.gamma(4.0, 0.25, size=(n, len(names)))
    for i in range(len(TYPES)):
        values[:, 20 * i : 20 * i + 20] += 60 * amounts[:, [i]] * rng.gamma(8.0, 0.125, size=(n, 20))
    samples = [f"s{seed}_{i}" for i in range(n)]
    adata = AnnData(
        X=np.log2(values + 1) if scale.startswith("log2") else values,
        obs=pd.DataFrame(index=samples),
        var=pd.DataFrame(index=names),
        uns={"tmescope": {"scale": scale, "cohort_id": f"c{seed}"}},
    )
    return adata, pd.DataFrame(amounts, index=samples, columns=TYPES)
