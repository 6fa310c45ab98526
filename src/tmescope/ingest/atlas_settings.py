"""What an atlas was made with, and what is asked of a later ingest into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from tmescope.ingest.atlas_genes import GeneName
    from tmescope.store.atlas_layout import AtlasLayout

__all__ = ["MadeWith", "agree_settings"]


@dataclass(frozen=True, kw_only=True)
class MadeWith:
    """Options of an ingest that an atlas keeps to.

    Parameters
    ----------
    count_dtype : str
        uint16 or uint32.
    gene_name : str
        One of `tmescope.ingest.atlas_genes.GeneName`.
    columns : tuple of str, optional
        What of the ``obs`` of h5ad files comes along; all if omitted.
    """

    count_dtype: str
    gene_name: GeneName
    columns: tuple[str, ...] | None

    def said(self) -> dict[str, Any]:
        """Return what the root of a new atlas remembers beside its type of counts."""
        return {"gene_name": self.gene_name, "columns": None if self.columns is None else list(self.columns)}


def agree_settings(
    layout: AtlasLayout | None,
    *,
    count_dtype: str | None,
    gene_name: GeneName | None,
    columns: tuple[str, ...] | None,
) -> tuple[MadeWith, list[str]]:
    """Return what an ingest keeps to: what the atlas was made with, where it exists.

    Parameters
    ----------
    layout : AtlasLayout, optional
        Of an atlas that has samples.
    count_dtype, gene_name : str, optional
        What is asked for; as the atlas has it if omitted.
    columns : tuple of str, optional
        What of the ``obs`` comes along; all if omitted.

    Returns
    -------
    settings : MadeWith
    notes : list of str
        What a person must be told.

    Raises
    ------
    InputError
        If counts of another type, or genes by another name, are asked for than the atlas has.
    """
    if layout is None:
        return MadeWith(count_dtype=count_dtype or "uint16", gene_name=gene_name or "gene_name", columns=columns), []
    made: Mapping[str, Any] = layout.made_with
    named: GeneName | None = made.get("gene_name")
    if count_dtype is not None and count_dtype != layout.count_dtype:
        raise _other("--counts", count_dtype, layout.count_dtype)
    if gene_name is not None and named is not None and gene_name != named:
        raise _other("--gene-column", gene_name, named)
    notes = []
    if "columns" in made and _said(columns) != _said(made["columns"]):
        notes.append(
            f"--columns is {_said(columns)} here and was {_said(made['columns'])} when the atlas was made: it is for "
            "the samples that are added now, those that are there stay as they are"
        )
    settings = MadeWith(count_dtype=layout.count_dtype, gene_name=gene_name or named or "gene_name", columns=columns)
    return settings, notes


def _said(columns: tuple[str, ...] | list[str] | None) -> str:
    return "not given" if columns is None else ",".join(sorted(columns)) or "empty"


def _other(option: str, asked: str, made: str) -> InputError:
    return InputError(
        f"{asked} is asked for, but the atlas was made with {made}",
        where=option,
        expected=f"{option} {made}, or no {option}: what is in an atlas is not written anew",
        next_step="leave the option out, or make a new atlas",
    )
