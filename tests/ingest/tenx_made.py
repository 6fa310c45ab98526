"""Matrices of single cells written as Cell Ranger writes them: folders of version 2 and 3, HDF5 of version 2 and 3."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse

GENE = "Gene Expression"
LAYOUTS = ("mtx2", "mtx3", "h5v2", "h5v3")


@dataclass
class Cells:
    """Counts of features x barcodes with their names."""

    counts: sparse.csc_matrix
    gene_ids: Sequence[str]
    gene_names: Sequence[str]
    barcodes: Sequence[str]
    types: Sequence[str] = ()
    genomes: Sequence[str] = ()

    @classmethod
    def of(cls, values: np.ndarray, **more: Sequence[str]) -> Cells:
        n, m = values.shape
        plain = {
            "gene_ids": [f"ENSG{i:011d}" for i in range(n)],
            "gene_names": [f"G{i}" for i in range(n)],
            "barcodes": [
                f"{np.base_repr(i, 4).zfill(16).translate(str.maketrans('0123', 'ACGT'))}-1" for i in range(m)
            ],
        }
        return cls(sparse.csc_matrix(values), **{**plain, **more})

    def write(self, path: Path, layout: str) -> Path:
        """Write in one of `LAYOUTS`; `path` is a folder, or the file without its ending."""
        return (
            self.write_h5(path.with_suffix(".h5"), layout) if layout.startswith("h5") else self.write_mtx(path, layout)
        )

    def write_mtx(self, folder: Path, layout: str = "mtx3") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        new = layout == "mtx3"
        types = self.types or [GENE] * len(self.gene_ids)
        rows = zip(self.gene_ids, self.gene_names, types, strict=True)
        features = "".join("\t".join(row if new else row[:2]) + "\n" for row in rows)
        entries = self.counts.tocoo()
        n, m = entries.shape
        head = f"%%MatrixMarket matrix coordinate integer general\n%made\n{n} {m} {entries.nnz}\n"
        body = "".join(f"{i + 1} {j + 1} {v}\n" for i, j, v in zip(entries.row, entries.col, entries.data, strict=True))
        files = {"matrix.mtx": head + body, "barcodes.tsv": "".join(f"{b}\n" for b in self.barcodes)}
        files["features.tsv" if new else "genes.tsv"] = features
        for name, text in files.items():
            content = text.encode()
            target = folder / (f"{name}.gz" if new else name)
            target.write_bytes(gzip.compress(content, mtime=0) if new else content)
        return folder

    def write_h5(self, path: Path, layout: str = "h5v3") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            group = file.create_group("matrix" if layout == "h5v3" else "GRCh38")
            for name in ("data", "indices", "indptr"):
                kind = np.int32 if name == "data" else np.int64
                group.create_dataset(name, data=getattr(self.counts, name).astype(kind), compression="gzip")
            group["shape"] = np.array(self.counts.shape, dtype=np.int32)
            group["barcodes"] = np.array(self.barcodes, dtype="S")
            if layout == "h5v2":
                group["genes"] = np.array(self.gene_ids, dtype="S")
                group["gene_names"] = np.array(self.gene_names, dtype="S")
                return path
            features = group.create_group("features")
            features["id"] = np.array(self.gene_ids, dtype="S")
            features["name"] = np.array(self.gene_names, dtype="S")
            features["feature_type"] = np.array(self.types or [GENE] * len(self.gene_ids), dtype="S")
            features["genome"] = np.array(self.genomes or ["GRCh38"] * len(self.gene_ids), dtype="S")
            features["_all_tag_keys"] = np.array(["genome"], dtype="S")
        return path
