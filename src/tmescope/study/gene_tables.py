"""Which table of genes a study looks up the names of its matrices and of its gene sets in."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.full_genes import find_gene_table, load_full_genes
from tmescope.facts.genes import GeneTable, load_genes
from tmescope.facts.installed import facts_folder
from tmescope.foundation.errors import FactsError, TmescopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tmescope.study.schema import Study

__all__ = ["BUNDLED", "choose_genes", "genes_at_hand", "hash_of_table", "split_name", "table_hash", "table_problems"]

BUNDLED = "bundled"
"""The table of the genes that bundled facts name."""


def split_name(chosen: str) -> tuple[str, str | None]:
    """Return name and version of ``profile.gene_table``; None as version where it names none.

    Parameters
    ----------
    chosen : str
        ``bundled``, ``hgnc``, or ``hgnc VERSION``.
    """
    name, _, version = chosen.partition(" ")
    return name, version.strip() or None


def choose_genes(study: Study) -> GeneTable | None:
    """Return the table of genes that a study asks for.

    Parameters
    ----------
    study : Study
        Its ``profile.gene_table``, ``profile.map_symbols``, the version that it pins in ``facts`` where the table names
        none, and its folder of installed references.

    Returns
    -------
    GeneTable or None
        None where names are not mapped at all.

    Raises
    ------
    FactsError
        The table is not installed or not as it was, several versions are and none is named, or another one is pinned.
    """
    if not study.profile.map_symbols:
        return None
    name, version = split_name(study.profile.gene_table)
    if name == BUNDLED:
        return load_genes()
    folder = study.facts_home or facts_folder({})
    pinned = study.facts.get(name)
    if None not in {version, pinned} and version != pinned:
        raise FactsError(
            f"the study pins {name} {pinned} and looks genes up in {name} {version}",
            where=f"facts.{name}",
            expected="one version",
            next_step=f'write gene_table = "{name}", which takes the one that is pinned, or pin the other one',
        )
    one = find_gene_table(folder, version or pinned)
    return _load(folder, one.version, one.sha256["genes"])


@lru_cache(maxsize=1)
def _load(home: Path, version: str, _sha256: str) -> GeneTable:
    # a study reads several cohorts; the hash makes a table that was installed anew another one
    return load_full_genes(home, version)


def genes_at_hand(study: Study) -> GeneTable | None:
    """Return the table as `choose_genes`; the bundled one where that cannot be had, as `table_problems` says.

    Parameters
    ----------
    study : Study
        As for `choose_genes`: names are looked at although the table is a problem, so that all problems are listed.
    """
    try:
        return choose_genes(study)
    except TmescopeError:
        return load_genes()


def table_hash(study: Study) -> str:
    """Return the sha256 of the table, for the ingredients of steps; empty where names are not mapped.

    Parameters
    ----------
    study : Study
        As for `choose_genes`.
    """
    genes = choose_genes(study)
    return "" if genes is None else genes.sha256


def hash_of_table(study: Study) -> dict[str, str]:
    """Return name and sha256 of an installed table, for the provenance; nothing where the bundled one is used.

    Parameters
    ----------
    study : Study
        As for `choose_genes`.
    """
    genes = choose_genes(study)
    return {} if genes is None or genes.source == BUNDLED else {f"gene table {genes.source}": genes.sha256}


def table_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield the problem where the table of genes cannot be had.

    Parameters
    ----------
    study : Study
        As for `choose_genes`.
    """
    try:
        choose_genes(study)
    except TmescopeError as error:
        error.where = f"profile.gene_table = {study.profile.gene_table!r}"
        yield error
