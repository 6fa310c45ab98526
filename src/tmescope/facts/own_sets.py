"""Gene sets of the user: GMT, tables and TOML records, read into the same `Signature` as the bundled ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tmescope.facts.genes import GeneTable, Resolution, load_genes
from tmescope.facts.raw_sets import RawSet, read_gmt, read_set_table
from tmescope.facts.set_names import looks_mangled, looks_murine
from tmescope.facts.set_records import read_set_records
from tmescope.facts.signature_checks import describe_correction, describe_reference
from tmescope.facts.signatures import Signature, genes_sha256
from tmescope.foundation.errors import FileFormatError, IdentifierError, examples
from tmescope.foundation.result import RunWarning

__all__ = [
    "OWN",
    "SUFFIXES",
    "WEIGHTS_IGNORED",
    "SignatureFile",
    "map_own_genes",
    "read_signature_file",
    "read_signatures",
]

OWN = "own"
"""Category of sets whose file states none."""

SUFFIXES = (".gmt", ".csv", ".tsv", ".txt", ".toml")
WEIGHTS_IGNORED = (
    "The file gives weights or directions; a method that takes all genes alike scores another quantity than the "
    "weighted one."
)
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")  # ENSMUSG... of the mouse too
_NOTES = {
    "duplicate_genes": ("gene", "named again in the same set: it counts once"),
    "previous_symbols": ("name", "replaced by the approved symbol: previous symbols or aliases"),
    "mouse_symbols": (
        "gene",
        "written as mouse symbols are: kept, and no gene of a human matrix is called so",
    ),
    "spreadsheet_dates": ("gene", "written as dates, as a spreadsheet makes them of MARCH1: kept"),
    "gene_as_description": (
        "description",
        "written as gene symbols are: the second cell of a GMT line is no gene of the set",
    ),
    "weights": ("set", "with weights or directions, which methods that take all genes alike ignore"),
}
_LIMITS = "As its author gave it: tmescope has not checked it against a source."


@dataclass(frozen=True)
class SignatureFile:
    """What a file of gene sets holds.

    Parameters
    ----------
    name : str
        Of the file, without its folder.
    signatures : tuple of Signature
        In the file's order.
    places : mapping of str to str
        Name of a set to file and line (in TOML file and key) where it stands.
    notes : tuple of RunWarning
        What a reader should know: repeated genes, previous symbols, mouse-like symbols, weights.
    """

    name: str
    signatures: tuple[Signature, ...]
    places: Mapping[str, str]
    notes: tuple[RunWarning, ...]

    @property
    def genes(self) -> frozenset[str]:
        """All genes of all sets."""
        return frozenset().union(*(s.genes for s in self.signatures))


def read_signatures(
    path: Path | str, *, map_symbols: bool = True, table: GeneTable | None = None
) -> tuple[Signature, ...]:
    """Read the gene sets of a file, to be passed to `tmescope.bulk.score` or looked at.

    Parameters
    ----------
    path : path or str
        See `read_signature_file`, which also tells what is odd in the file.
    map_symbols, table
        As there.

    Returns
    -------
    tuple of Signature
        In the file's order.

    Raises
    ------
    TmescopeError
        As `read_signature_file`.
    """
    return read_signature_file(path, map_symbols=map_symbols, table=table).signatures


def read_signature_file(path: Path | str, *, map_symbols: bool = True, table: GeneTable | None = None) -> SignatureFile:
    """Read the gene sets of a file and what should be known of them.

    Parameters
    ----------
    path : path or str
        By its ending, which ``.gz`` may follow: ``.gmt``; ``.csv``, or ``.tsv`` and ``.txt`` between tabs, with the
        columns set, gene_symbol and, if wanted, weight and direction (up, down); ``.toml`` as the bundled signatures
        are written, or several as ``[[sets]]``.
    map_symbols : bool
        Whether previous symbols and aliases that mean one gene alone become the approved symbol, as they do in
        matrices; each is noted under the signature's corrections.
    table : GeneTable, optional
        Where they are looked up: the table of the matrices that are scored. The bundled one if omitted.

    Returns
    -------
    SignatureFile

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        With the line, if the file is not what its ending says, is too large, two sets share a name, or a name or a
        gene cannot be one, or one gene stands in a set under two symbols with two weights.
    IdentifierError
        If its genes are Entrez or Ensembl ids.

    Notes
    -----
    Symbols that the gene table does not know are kept: the bundled one holds the genes of the bundled signatures alone.
    Each symbol means what it means alone, so that a gene which a set names under two symbols counts once. Mouse
    symbols are kept too, and told: no gene is translated between species. Directions become the weights +1 and -1.
    A collection of 30,000 sets is read in seconds.
    """
    path = Path(path)
    table = load_genes() if table is None else table
    symbols = _Symbols(table, map_symbols=map_symbols)
    signatures: dict[str, Signature] = {}
    places: dict[str, str] = {}
    told = _Told(path.name)
    for raw in _raw_sets(path):
        if raw.name in places:
            raise FileFormatError(
                f"two sets are named {raw.name!r}: {places[raw.name]} and {raw.where}",
                where=raw.where,
                expected="each name once",
                next_step="rename or remove one of them",
            )
        places[raw.name] = raw.where
        signatures[raw.name] = told.add(raw, _build(raw, symbols, file=path.name))
    if not signatures:
        raise FileFormatError("the file holds no gene set", where=path.name, expected="at least one set")
    found = SignatureFile(path.name, tuple(signatures.values()), MappingProxyType(places), ())
    _check_kind(found)
    return SignatureFile(found.name, found.signatures, found.places, tuple(told.notes(table)))


def map_own_genes(
    sets: Mapping[str, Sequence[str]], *, where: str, map_symbols: bool = True, table: GeneTable | None = None
) -> tuple[dict[str, tuple[str, ...]], tuple[RunWarning, ...]]:
    """Give gene sets that stand in no file of their own the symbols that a file of gene sets would get.

    Parameters
    ----------
    sets : mapping of str to sequence of str
        Name to genes.
    where : str
        Where they stand, for the notes.
    map_symbols, table
        As in `read_signature_file`.

    Returns
    -------
    genes : dict of str to tuple of str
        Each gene once, in the order given.
    notes : tuple of RunWarning
        As in `SignatureFile`.
    """
    table = load_genes() if table is None else table
    symbols = _Symbols(table, map_symbols=map_symbols)
    told = _Told(where)
    mapped: dict[str, tuple[str, ...]] = {}
    for name, genes in sets.items():
        repeated = [gene for gene, n in Counter(genes).items() for _ in range(n - 1)]
        raw = RawSet(name, f"{where}.{name}", genes=dict.fromkeys(genes), repeated=repeated)
        changes = symbols.changes(raw.genes)
        mapped[name] = tuple(dict.fromkeys(changes[g].gene_symbol if g in changes else g for g in raw.genes))
        told.add(raw, _build(raw, symbols, file=where))
    return mapped, tuple(told.notes(table))


def _raw_sets(path: Path) -> Iterator[RawSet]:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".gmt"):
        return read_gmt(path)
    if name.endswith((".tsv", ".txt")):
        return read_set_table(path, "\t")
    if name.endswith(".csv"):
        return read_set_table(path, ",")
    if name.endswith(".toml"):
        return read_set_records(path)
    raise FileFormatError(
        f"{path.name!r} does not say by its ending what it is",
        where=path.name,
        expected=f"one of {', '.join(SUFFIXES)}, which .gz may follow",
        next_step="rename the file",
    )


class _Symbols:
    """What the gene table knows of the genes of a file; each symbol is looked up once."""

    def __init__(self, table: GeneTable, *, map_symbols: bool) -> None:
        self._table = table
        self._map_symbols = map_symbols
        self._seen: set[str] = set()
        self._changing: dict[str, Resolution] = {}
        self._ids = {gene.gene_symbol: gene.hgnc_id for gene in table}

    def changes(self, genes: Collection[str]) -> dict[str, Resolution]:
        """Return what becomes of the genes of one set that do not keep their name."""
        if not self._map_symbols:
            return {}
        for gene in set(genes).difference(self._seen):
            (found,) = self._table.resolve([gene])
            if found.gene_symbol != gene:
                self._changing[gene] = found
        self._seen.update(genes)
        if self._changing.keys().isdisjoint(genes):
            return {}
        return {gene: self._changing[gene] for gene in genes if gene in self._changing}

    def hgnc_ids(self, genes: Sequence[str]) -> tuple[str, ...]:
        """Return the HGNC id of each gene, empty where the table does not know it."""
        return tuple([self._ids.get(gene, "") for gene in genes])


def _build(raw: RawSet, symbols: _Symbols, *, file: str) -> Signature:
    changes = symbols.changes(raw.genes)
    weights = _fold(raw, changes) if changes else raw.genes
    genes = tuple(sorted(weights))
    sha256 = genes_sha256(genes)
    is_weighted = not {None, 1.0}.issuperset(weights.values())
    stated: dict[str, Any] = {k: v for k, v in raw.stated.items() if v}
    limits = [stated.get("limits", _LIMITS).strip(), *([WEIGHTS_IGNORED] if is_weighted else [])]
    corrections = [describe_correction(c) for c in stated.get("corrections", [])]
    corrections += [f"{r.input_id} -> {r.gene_symbol}: {r.reason}" for r in changes.values()]
    where = f"{file}: {raw.description}" if raw.description else file
    return Signature(
        name=raw.name,
        title=stated.get("title", raw.name).strip(),
        category=stated.get("category", OWN),
        summary=stated.get("summary", "").strip(),
        genes=genes,
        hgnc_ids=symbols.hgnc_ids(genes),
        weights=MappingProxyType({g: w for g in genes if (w := weights[g]) is not None}) if is_weighted else None,
        species=stated.get("species", ""),
        version=stated.get("version", ""),
        reference=describe_reference(stated.get("doi", ""), stated.get("pmid", "")),
        citation=stated.get("citation", where).strip(),
        source_table=stated.get("source_table", file),
        source_rows=stated.get("source_rows", raw.where),
        corrections=tuple(corrections),
        licence=stated.get("licence", "").strip(),
        limits=" ".join(limits),
        sha256=sha256,
        source_sha256=genes_sha256(raw.source or raw.genes) if changes or raw.source else sha256,
        source_symbols=_source_symbols(raw) if changes or raw.source else genes,
        housekeeping=tuple(sorted(stated.get("housekeeping", ()))),
        notes=(*stated.get("notes", ()), *(("weights are directions: +1 up, -1 down",) if raw.directed else ())),
        reference_check=stated.get("reference_check", ""),
        tier=stated.get("tier", "extended"),
    )


def _fold(raw: RawSet, changes: Mapping[str, Resolution]) -> dict[str, float | None]:
    """Return the weight of each gene by the symbol that it gets; one that is named twice is noted as repeated."""
    weights: dict[str, float | None] = {}
    first: dict[str, str] = {}
    for name, weight in raw.genes.items():
        symbol = changes[name].gene_symbol if name in changes else name
        if symbol not in weights:
            weights[symbol], first[symbol] = weight, name
            continue
        both = f"{first[symbol]} and {name}"
        if weights[symbol] != weight:
            raise FileFormatError(
                f"{both} of {raw.name!r} are one gene, {symbol}, with {weights[symbol]} and {weight}",
                where=raw.where,
                expected="one weight and direction per gene",
                next_step="leave one of them out",
            )
        raw.repeated.append(both)
    return weights


def _source_symbols(raw: RawSet) -> tuple[str, ...]:
    return tuple(sorted({row.split("\t")[0] for row in raw.source or raw.genes}))


def _check_kind(found: SignatureFile) -> None:
    genes = found.genes
    for kind, fits in (("Entrez", str.isdigit), ("Ensembl", _ENSEMBL.match)):
        n = sum(1 for g in genes if fits(g))
        if n and n >= 0.5 * len(genes):
            raise IdentifierError(
                f"{n} of the {len(genes)} genes look like {kind} ids: {examples(sorted(g for g in genes if fits(g)))}",
                where=f"{found.name}, {next(iter(found.places.values())).rpartition(', ')[2]}",
                expected="symbols of human genes",
                next_step="take the edition of the file with symbols (collections have one), or map the ids first",
            )


class _Told:
    """What is odd in a file, gathered set by set."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._repeated: list[str] = []
        self._corrected: Counter[str] = Counter()
        self._weighted: list[str] = []
        self._described: list[str] = []
        self._genes: set[str] = set()

    def add(self, raw: RawSet, made: Signature) -> Signature:
        """Take note of one set, and return it."""
        self._repeated += [f"{g} ({raw.where})" for g in raw.repeated]
        self._corrected.update(c.split(":")[0] for c in made.corrections[len(raw.stated.get("corrections", ())) :])
        self._weighted += [raw.name] if made.weights else []
        self._described += [raw.description] if raw.description else []
        self._genes.update(made.genes)
        return made

    def notes(self, table: GeneTable) -> Iterator[RunWarning]:
        """Yield one warning for each kind of oddity."""
        items = {
            "duplicate_genes": self._repeated,
            "previous_symbols": sorted(self._corrected),
            "mouse_symbols": sorted(filter(looks_murine, self._genes)),
            "spreadsheet_dates": sorted(filter(looks_mangled, self._genes)),
            "gene_as_description": [d for d in self._described if d in table],
            "weights": self._weighted,
        }
        for code, found in items.items():
            if found:
                subject, rest = _NOTES[code]
                message = f"{len(found)} {subject}{'' if len(found) == 1 else 's'} {rest}"
                yield RunWarning(f"signatures.{code}", message, self._file, len(found), tuple(found[:3]))
