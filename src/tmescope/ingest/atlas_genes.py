"""Which genes an atlas has, and where those of each source go in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.foundation.errors import ExpressionError, IdentifierError, examples
from tmescope.ingest.cell_streams import CellHead
from tmescope.ingest.expression import find_duplicates
from tmescope.ingest.identifiers import find_form

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GeneName", "GeneRule", "NamedGenes", "choose_genes", "name_genes", "place_genes"]

_MOST_OTHER = 0.01
"""Share of names with another identifier from which on they are not taken as one annotation."""

_MOST_RENAMED = 0.5
"""The same of accessions with another symbol: symbols change, accessions stay."""

GeneRule = Literal["same", "union", "intersection"]
"""What becomes of genes that not all sources have."""

GeneName = Literal["gene_name", "gene_id"]
"""What names genes in sources that have both."""


@dataclass(frozen=True)
class NamedGenes:
    """Genes of a source.

    Parameters
    ----------
    where : str
        The source.
    names : tuple of str
        One each a row of the source; a name may stand twice.
    ids : tuple of str
        The other name of each, where there is one.
    """

    where: str
    names: tuple[str, ...]
    ids: tuple[str, ...] = ()

    @cached_property
    def forms(self) -> Counter[str]:
        """Return how many names are of which kind; a symbol may have the form of an accession (B3GNT2)."""
        return Counter(map(_form, self.names))

    @property
    def kind(self) -> str:
        """Return the kind of most names."""
        return self.forms.most_common(1)[0][0] if self.names else "symbol"

    def notes(self) -> list[str]:
        """Return what a person must be told of the names."""
        found = []
        if twice := find_duplicates(self.names):
            found.append(
                f"{self.where}: {len(twice):,} gene names stand on several rows ({examples(twice)}); their counts are "
                "added up in each cell"
            )
        if len(self.forms) > 1:
            named = {kind: [n for n in self.names if _form(n) == kind] for kind in self.forms}
            said = "; ".join(f"{n:,} {kind} ({examples(named[kind])})" for kind, n in self.forms.most_common())
            found.append(f"{self.where}: the gene names mix kinds: {said}; each stays as it is")
        return found


def _form(name: str) -> str:
    form = find_form(name)
    return "symbol" if form == "uniprot" else form


def name_genes(head: CellHead, where: str, *, by: GeneName = "gene_name") -> NamedGenes:
    """Return the genes of a source by the name that counts.

    Parameters
    ----------
    head : CellHead
        What the source says.
    where : str
        The source, for messages.
    by : {'gene_name', 'gene_id'}
        Of sources of Cell Ranger, which have both.

    Raises
    ------
    IdentifierError
        A gene without a name.
    """
    names, others = head.genes, head.gene_ids
    if by == "gene_id" and others:
        names, others = others, names
    if nameless := [i for i, name in enumerate(names) if not name.strip()]:
        raise IdentifierError(
            f"{len(nameless):,} genes have no name, the first in row {nameless[0] + 1}",
            where=where,
            expected="a name for each gene",
            next_step="name these genes, or take --gene-column gene_id where the source has identifiers",
        )
    return NamedGenes(where, names, others)


def choose_genes(sources: Sequence[NamedGenes], rule: GeneRule) -> tuple[dict[str, str], list[str]]:
    """Return the genes of an atlas of some sources.

    Parameters
    ----------
    sources : sequence of NamedGenes
        In their order.
    rule : {'same', 'union', 'intersection'}
        ``same`` refuses sources that have other genes than the first.

    Returns
    -------
    genes : dict of str to str
        Names in the order of the first source, then of those after it; each with its other name, empty where there is
        none.
    notes : list of str
        What a person must be told.

    Raises
    ------
    ExpressionError
        Other genes under ``same``; no gene is common.
    IdentifierError
        Sources whose genes are named by other kinds of names, or whose names stand for other identifiers:
        1% of symbols or more, half of accessions or more.
    """
    first = sources[0]
    for other in sources[1:]:
        if other.names != first.names and other.kind != first.kind:
            raise _other_kind(other, first.kind, first.where)
    names, notes = _RULES[rule](sources)
    ids: dict[str, str] = {}
    for one in sources:
        notes += _compare_ids(one, ids, first.where)
        for name, known in _ids_of(one).items():
            ids.setdefault(name, known)
    return {name: ids.get(name, "") for name in names}, notes


def _ids_of(source: NamedGenes) -> dict[str, str]:
    """Return the other name of each gene that has one; of a name on several rows that of the first."""
    found: dict[str, str] = {}
    for name, other in zip(source.names, source.ids, strict=bool(source.ids)):
        if other:
            found.setdefault(name, other)
    return found


def _compare_ids(source: NamedGenes, ids: Mapping[str, str], of: str) -> list[str]:
    """Tell genes that have the name of another gene: few are noted, more are refused.

    Identifiers of another kind (a symbol in place of an accession) say nothing against one another.
    """
    own: dict[str, set[str]] = {}
    for name, other in zip(source.names, source.ids, strict=bool(source.ids)):
        if other and ids.get(name):
            own.setdefault(name, set()).add(_without_version(other))
    others = [n for n, o in own.items() if (k := _without_version(ids[n])) not in o and _form(k) in map(_form, o)]
    if not others:
        return []
    given = _ids_of(source)
    what = f"{len(others):,} of {len(own):,} genes have another identifier than in {of}"
    shown = "; ".join(f"{n}: {given[n]}, there {ids[n]}" for n in others[:3])
    most = _MOST_OTHER if source.kind == "symbol" else _MOST_RENAMED
    if len(others) < most * len(own):
        return [f"{source.where}: {what} ({shown}); they are taken as the same genes by their names"]
    raise IdentifierError(
        f"{what}: {shown}",
        where=source.where,
        expected=f"one identifier for a name; less than {most:.0%} may differ, as between annotations",
        next_step="look whether the rows of the table of genes were mixed up; if the sources have other annotations, "
        "count all samples with one, or make a new atlas of them with --gene-column gene_id",
    )


def _without_version(other: str) -> str:
    """Return an accession of Ensembl without its version: ENSG00000000003.15 is ENSG00000000003."""
    stem, _, version = other.strip().partition(".")
    return stem if stem.startswith("ENS") and version.isdigit() else other.strip()


def _same(sources: Sequence[NamedGenes]) -> tuple[list[str], list[str]]:
    names = list(dict.fromkeys(sources[0].names))
    for other in sources[1:]:
        _check_same(other, names, sources[0].where)
    return names, []


def _union(sources: Sequence[NamedGenes]) -> tuple[list[str], list[str]]:
    names = list(dict.fromkeys(n for s in sources for n in s.names))
    notes = []
    for one in sources:
        own = set(one.names)
        if lacking := [n for n in names if n not in own]:
            notes.append(f"{one.where}: {len(lacking):,} genes are not in it and count as zero: {examples(lacking)}")
    return names, notes


def _intersection(sources: Sequence[NamedGenes]) -> tuple[list[str], list[str]]:
    everything = list(dict.fromkeys(n for s in sources for n in s.names))
    common = set(everything).intersection(*(set(s.names) for s in sources))
    if not common:
        raise ExpressionError("no gene is in every source", where=sources[0].where, expected="common genes")
    dropped = [n for n in everything if n not in common]
    notes = [f"{len(dropped):,} genes are not in every source and are left out: {examples(dropped)}"] if dropped else []
    return [n for n in everything if n in common], notes


_RULES: Mapping[str, Callable[[Sequence[NamedGenes]], tuple[list[str], list[str]]]] = MappingProxyType(
    {"same": _same, "union": _union, "intersection": _intersection}
)


def place_genes(
    source: NamedGenes,
    genes: Sequence[str],
    *,
    rule: GeneRule,
    atlas: str,
    ids: Sequence[str] = (),
) -> tuple[NDArray[np.int32] | None, list[str]]:
    """Return where the genes of a source go in an atlas.

    Parameters
    ----------
    source : NamedGenes
        The source.
    genes : sequence of str
        Of the atlas.
    rule : {'same', 'union', 'intersection'}
        As in `choose_genes`: ``union`` lets genes of the atlas be absent from the source, ``intersection`` leaves out
        genes of the source that the atlas does not have.
    atlas : str
        Name of the atlas, for messages.
    ids : sequence of str
        The other name of each gene of the atlas, empty where there is none; none are compared if omitted.

    Returns
    -------
    table : array of int32 or None
        For each gene of the source its number in the atlas, -1 where it is left out; None where they are the same.
    notes : list of str

    Raises
    ------
    ExpressionError, IdentifierError
        As `choose_genes`.
    """
    notes = _compare_ids(source, dict(zip(genes, ids, strict=True)) if ids else {}, atlas)
    if source.names == tuple(genes):
        return None, notes
    place: Mapping[str, int] = {name: i for i, name in enumerate(genes)}
    table = np.array([place.get(name, -1) for name in source.names], dtype=np.int32)
    further = [n for n, i in zip(source.names, table, strict=True) if i < 0]
    lacking = [n for n in genes if n not in set(source.names)]
    if further and source.kind != (kind := NamedGenes("", tuple(genes)).kind):
        raise _other_kind(source, kind, atlas)
    if (further and rule != "intersection") or (lacking and rule != "union"):
        raise _other_genes(source, lacking, further, of=atlas, rule=rule)
    if further:
        notes.append(
            f"{source.where}: {len(further):,} genes are not in the atlas and are left out: {examples(further)}"
        )
    return table, notes


def _check_same(other: NamedGenes, names: Sequence[str], first: str) -> None:
    further, lacking = sorted(set(other.names) - set(names)), sorted(set(names) - set(other.names))
    if further or lacking:
        raise _other_genes(other, lacking, further, of=first, rule="same")


def _other_genes(
    source: NamedGenes, lacking: Sequence[str], further: Sequence[str], *, of: str, rule: GeneRule
) -> ExpressionError:
    parts = [f"{len(lacking):,} are missing: {examples(lacking)}"] if lacking else []
    parts += [f"{len(further):,} are further: {examples(further)}"] if further else []
    fixed = "; the genes of an atlas are fixed when it is made" if rule != "same" else ""
    return ExpressionError(
        f"there are other genes than in {of}; {'; '.join(parts)}{fixed}",
        where=source.where,
        expected=f"the same genes, in any order (--genes {rule})",
        next_step="count all samples with one annotation; or, for a new atlas, take --genes intersection (leaves out "
        "what not all have) or --genes union (counts what a sample lacks as zero, which it may not be)",
    )


def _other_kind(source: NamedGenes, kind: str, of: str) -> IdentifierError:
    return IdentifierError(
        f"most of {len(source.names):,} genes are named by {source.kind} ({examples(source.names)}), those of {of} by "
        f"{kind}",
        where=source.where,
        expected="one kind of gene names in an atlas",
        next_step="take --gene-column gene_name or gene_id where sources have both, or rename the genes of this one",
    )
