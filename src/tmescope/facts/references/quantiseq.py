"""quanTIseq: signature matrix, mRNA content of the cell types and lists of genes that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tmescope.facts.matrices import NamedMatrix, Range, check_names, read_matrix, read_names
from tmescope.facts.reading import Faults, read_lines
from tmescope.foundation.errors import FileFormatError

__all__ = ["Quantiseq", "read_quantiseq"]

_ABOVE_ZERO = Range(lowest=1e-6)


@dataclass(frozen=True, eq=False)
class Quantiseq:
    """The reference of quanTIseq.

    Parameters
    ----------
    signature : NamedMatrix
        Genes by cell types, TPM.
    rna_content : mapping of str to float
        Cell type to its mRNA content, in the order of the signature; relative units, above zero.
    aberrant_genes : tuple of str
        Genes of the signature that tumours express aberrantly.
    removed_genes : tuple of str
        Genes of the signature that the authors advise to leave out where the data are not RNA-seq of theirs.
    """

    signature: NamedMatrix
    rna_content: Mapping[str, float]
    aberrant_genes: tuple[str, ...]
    removed_genes: tuple[str, ...]


def read_quantiseq(paths: Mapping[str, Path]) -> Quantiseq:
    """Read and check the four files.

    Parameters
    ----------
    paths : mapping of str to Path
        Roles ``signature``, ``rna_content``, ``aberrant_genes`` and ``removed_genes``.

    Raises
    ------
    FileFormatError
        A number is negative or none, a gene is there twice, the cell types of two files differ, or a listed gene is
        not in the signature.
    """
    signature = read_matrix(paths["signature"])
    content = _read_content(paths["rna_content"])
    if set(content) != set(signature.columns):
        odd = sorted(set(content) ^ set(signature.columns))
        raise FileFormatError(
            f"cell types stand in one of two files alone: {', '.join(odd[:3])}",
            where=f"{paths['rna_content']}; {paths['signature']}",
            expected="the same cell types in both",
        )
    lists = {role: _read_list(paths[role], signature) for role in ("aberrant_genes", "removed_genes")}
    return Quantiseq(signature, MappingProxyType({name: content[name] for name in signature.columns}), **lists)


def _read_content(path: Path) -> dict[str, float]:
    faults = Faults(path)
    found: list[tuple[str, float]] = []
    for number, line in enumerate(read_lines(path), start=1):
        name, _, text = line.partition("\t")
        value = _ABOVE_ZERO.parse(text)
        if value is None:
            faults.add(f"a cell type and {_ABOVE_ZERO}", f"line {number}: {line[:40]!r}")
        found.append((name.strip(), value or 0.0))
    check_names([name for name, _ in found], "cell type", faults)
    faults.refuse()
    return dict(found)


def _read_list(path: Path, signature: NamedMatrix) -> tuple[str, ...]:
    genes = read_names(path)
    faults = Faults(path)
    for gene in sorted(set(genes) - set(signature.rows)):
        faults.add("a gene of the signature", gene)
    faults.refuse()
    return genes
