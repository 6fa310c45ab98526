"""The definition of `tissue_anchors.toml`: genes that two independent tables show in one and the same tissue.

``python -m tests.facts.anchor_tables`` writes the file anew from the real data; a test compares the committed one.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.facts.records import DATA, hash_lines

TABLES = ("hpa_rna_tpm_35tissues.parquet", "gtex_v4_53subtissues_entrez.parquet")
BEGINNINGS = {
    "adrenal gland": ["adrenal gland"],
    "brain": [
        "amygdala",
        "basal ganglia",
        "brain",
        "cerebell",
        "cerebral cortex",
        "corpus callosum",
        "hippocamp",
        "hypothalamus",
        "midbrain",
        "olfactory region",
        "pons",
        "spinal cord",
        "thalamus",
    ],
    "colon": ["colon", "rectum"],
    "heart": ["heart"],
    "kidney": ["kidney"],
    "liver": ["liver"],
    "lung": ["lung"],
    "pancreas": ["pancreas"],
    "salivary gland": ["minor salivary gland", "salivary gland"],
    "skeletal muscle": ["muscle", "skeletal muscle"],
    "skin": ["skin"],
    "small intestine": ["duodenum", "small intestine"],
    "stomach": ["stomach"],
    "testis": ["testis"],
    "thyroid": ["thyroid"],
}
LOWEST_TPM, LOWEST_FOLD, MOST = 20, 5, 15
RULE = (
    "In both tables the gene is highest in the tissue, at least 5-fold (0.1 TPM added) above every other tissue,",
    "and has at least 20 TPM there in the first; of those the 15 with the largest smaller fold, where there are so",
    "many. Made by tests/facts/anchor_tables.py.",
)


def tissue_of(column: str) -> str:
    """The class of a column of either table, or its own name."""
    name = " ".join(column.replace(".", " ").replace("_", " ").replace("-", " ").casefold().split())
    return next((t for t, starts in BEGINNINGS.items() if name.startswith(tuple(starts))), name)


def read_classes(path: Path) -> pd.DataFrame:
    """Genes by classes of tissues, the highest of each class; on the scale of the table."""
    table = pd.read_parquet(path)
    numbers = table.select_dtypes("number").set_axis(table["symbol"], axis=0)
    numbers = numbers[numbers.index.notna() & ~numbers.index.duplicated(keep=False)]
    return numbers.T.groupby([tissue_of(c) for c in numbers.columns]).max().T


def derive_anchors(shared: Path) -> dict[str, list[str]]:
    """Tissue to its genes, sorted."""
    folder = shared / "targets" / "normal_tissue"
    first = read_classes(folder / TABLES[0])
    second = np.exp2(read_classes(folder / TABLES[1])) - 1
    genes = sorted(set(first.index) & set(second.index))
    best, folds, height = [], [], []
    for table in (first.loc[genes], second.loc[genes]):
        values = np.sort(table.to_numpy(), axis=1)
        best.append(table.idxmax(axis=1).to_numpy())
        folds.append((values[:, -1] + 0.1) / (values[:, -2] + 0.1))
        height.append(values[:, -1])
    found = pd.DataFrame({"gene": genes, "tissue": best[0], "fold": np.minimum(*folds)})
    kept = (best[0] == best[1]) & (found["fold"] >= LOWEST_FOLD) & (height[0] >= LOWEST_TPM)
    found = found[kept & found["tissue"].isin(BEGINNINGS)].sort_values(["fold", "gene"], ascending=[False, True])
    return {t: sorted(g["gene"].head(MOST)) for t, g in found.groupby("tissue")}


def file_text(anchors: dict[str, list[str]]) -> str:
    """The whole file."""
    lines = [
        "format = 1",
        'name = "tissue_anchors"',
        'version = "1"',
        'rule = """',
        *(f"{line} \\" for line in RULE[:-1]),
        f'{RULE[-1]}"""',
        _list("sources", [f"{TABLES[0]}: HPA RNA, TPM, 35 tissues", f"{TABLES[1]}: GTEx v4, logarithms, 53 tissues"]),
        'licence = "Names of genes and of the tissue that each is highest in: facts, derived from both tables."',
        f'sha256 = "{hash_lines(f"{tissue}	{gene}" for tissue, genes in anchors.items() for gene in genes)}"',
    ]
    for tissue, genes in anchors.items():
        lines += ["", "[[tissues]]", f'name = "{tissue}"']
        lines += [_list("beginnings", BEGINNINGS[tissue]), _list("genes", genes)]
    return "\n".join(lines) + "\n"


def _list(key: str, items: list[str]) -> str:
    return f"{key} = [\n" + "".join(f'  "{item}",\n' for item in items) + "]"


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    shared_folder = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    (DATA / "tissue_anchors.toml").write_text(file_text(derive_anchors(shared_folder)), encoding="utf-8")
