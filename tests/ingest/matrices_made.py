"""Matrices written cell by cell in every format that is read, by nothing of the project: to be read back, or spoilt."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Sequence[float]]
"""Numbers, one row a gene."""


@dataclass(frozen=True)
class Made:
    """A small matrix: names of its rows (genes) and columns (samples), and its numbers."""

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    values: Rows


@dataclass(frozen=True)
class Writer:
    """How a format is written, what a file of it is called, and how its reader must be asked."""

    name: str
    file_name: str
    write: Callable[[Made], bytes]
    is_text: bool = True
    gene_column: str | None = None


def number(value: float) -> str:
    """Return the shortest text of a double; NaN is NA."""
    return "NA" if math.isnan(value) else repr(float(value))


def lines(*rows: Sequence[str], between: str = "\t", end: str = "\n") -> bytes:
    """Return rows of cells as text."""
    return "".join(between.join(row) + end for row in rows).encode()


def as_table(made: Made, *, between: str = "\t", corner: tuple[str, ...] = ("gene",), end: str = "\n") -> bytes:
    """Return a plain table; an empty corner makes the header one cell shorter."""
    body = [(g, *map(number, row)) for g, row in zip(made.genes, made.values, strict=True)]
    return lines((*corner, *made.samples), *body, between=between, end=end)


def as_gct(made: Made) -> bytes:
    """Return GCT 1.2."""
    body = [(g, f"about {g}", *map(number, row)) for g, row in zip(made.genes, made.values, strict=True)]
    sizes = (str(len(made.genes)), str(len(made.samples)))
    return lines(("#1.2",), sizes, ("Name", "Description", *made.samples), *body)


def as_gct13(made: Made) -> bytes:
    """Return GCT 1.3 with a row annotation and a column annotation."""
    body = [(g, f"about {g}", *map(number, row)) for g, row in zip(made.genes, made.values, strict=True)]
    sizes = (str(len(made.genes)), str(len(made.samples)), "1", "1")
    about = ("tissue", "NA", *("skin" for _ in made.samples))
    return lines(("#1.3",), sizes, ("id", "about", *made.samples), about, *body)


def as_geo(made: Made) -> bytes:
    """Return a GEO series matrix."""

    def quoted(cells: Sequence[str]) -> list[str]:
        return [f'"{cell}"' for cell in cells]

    body = [(f'"{g}"', *map(number, row)) for g, row in zip(made.genes, made.values, strict=True)]
    return lines(
        ("!Series_title", '"A series"'),
        ("!Series_platform_id", '"GPL570"'),
        (),
        ("!Sample_title", *quoted([f"tumour {s}" for s in made.samples])),
        ("!Sample_geo_accession", *quoted(made.samples)),
        ("!Sample_characteristics_ch1", *quoted(["age: 61" for _ in made.samples])),
        ("!series_matrix_table_begin",),
        ('"ID_REF"', *quoted(made.samples)),
        *body,
        ("!series_matrix_table_end",),
    )


def as_nfcore(made: Made) -> bytes:
    """Return a merged matrix of nf-core/rnaseq."""
    body = [(f"id of {g}", g, *map(number, row)) for g, row in zip(made.genes, made.values, strict=True)]
    return lines(("gene_id", "gene_name", *made.samples), *body)


def as_parquet(made: Made) -> bytes:
    """Return Parquet with a first column of names."""
    array = np.array(made.values, dtype=float).reshape(len(made.genes), len(made.samples))
    columns = [pa.array(made.genes, pa.string()), *(pa.array(array[:, i]) for i in range(len(made.samples)))]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=["gene", *made.samples]), out)
    return out.getvalue()


def as_h5ad(made: Made, *, kind: str = "array", change: Callable[[h5py.File], object] | None = None) -> bytes:
    """Return an AnnData file (samples in rows) made of HDF5 parts; `change` may spoil it."""
    dense = np.array(made.values, dtype=float).reshape(len(made.genes), len(made.samples)).T
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        mark(file, "anndata", "0.1.0")
        if kind == "array":
            mark(file.create_dataset("X", data=dense), "array", "0.2.0")
        else:
            _write_sparse(file, dense, kind)
        for name, index in (("obs", made.samples), ("var", made.genes)):
            group = file.create_group(name)
            mark(group, "dataframe", "0.2.0")
            group.attrs["_index"] = "_index"
            group.attrs["column-order"] = np.array([], dtype=h5py.string_dtype())
            names = group.create_dataset("_index", data=np.array(index, dtype=object), dtype=h5py.string_dtype())
            mark(names, "string-array", "0.2.0")
        if change is not None:
            change(file)
    return out.getvalue()


def mark(node: h5py.HLObject, kind: str, version: str) -> None:
    """Say how an element of an AnnData file is stored."""
    node.attrs["encoding-type"], node.attrs["encoding-version"] = kind, version


def _write_sparse(file: h5py.File, dense: np.ndarray, kind: str) -> None:
    from scipy import sparse

    matrix = {"csr_matrix": sparse.csr_matrix, "csc_matrix": sparse.csc_matrix}[kind](dense)
    group = file.create_group("X")
    mark(group, kind, "0.1.0")
    group.attrs["shape"] = np.array(dense.shape)
    for part in ("data", "indices", "indptr"):
        group.create_dataset(part, data=getattr(matrix, part))


WRITERS = (
    Writer("tsv", "m.tsv", as_table),
    Writer("csv", "m.csv", partial(as_table, between=",")),
    Writer("csv of R", "m.csv", partial(as_table, between=",", corner=())),
    Writer("csv with CRLF", "m.csv", partial(as_table, between=",", end="\r\n")),
    Writer("semicolons", "m.csv", partial(as_table, between=";")),
    Writer("gct 1.2", "m.gct", as_gct),
    Writer("gct 1.3", "m.gct", as_gct13),
    Writer("geo_series_matrix", "m_series_matrix.txt", as_geo),
    Writer("nfcore_rnaseq", "salmon.merged.gene_tpm.tsv", as_nfcore, gene_column="gene_name"),
    Writer("parquet", "m.parquet", as_parquet, is_text=False),
    Writer("h5ad", "m.h5ad", as_h5ad, is_text=False),
    Writer("h5ad csr", "m.h5ad", partial(as_h5ad, kind="csr_matrix"), is_text=False),
    Writer("h5ad csc", "m.h5ad", partial(as_h5ad, kind="csc_matrix"), is_text=False),
)
"""A new format is one line here: round trips, mutations and fuzzing then cover it."""
