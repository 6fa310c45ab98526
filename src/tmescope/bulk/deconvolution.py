"""What a bulk sample is made of: the one runner of all deconvolution methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.bulk.estimating import check_values, estimate, make_missing, tell_of_estimates
from tmescope.bulk.installed_references import Reference, read_references
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.methods.deconvolvers import DECONVOLVERS
from tmescope.bulk.methods.registry import METHODS
from tmescope.bulk.mixtures import Mixture
from tmescope.bulk.score_table import cohort_id, tidy
from tmescope.bulk.scoring import ScoreOptions, score
from tmescope.facts.genes import GeneTable, load_genes
from tmescope.foundation.errors import MethodError, examples
from tmescope.foundation.method import Method, MethodSpec, find_method, resolve_parameters
from tmescope.foundation.provenance import Provenance, hash_array, hash_json, versions
from tmescope.foundation.result import Result, RunWarning

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = [
    "DeconvolveOptions",
    "Match",
    "Reference",
    "deconvolve",
    "find_reference_of",
    "list_deconvolvers",
    "match_genes",
]

_FLAGGED = 0.2


@dataclass(frozen=True)
class DeconvolveOptions:
    """How `deconvolve` treats genes, and where it finds references.

    Parameters
    ----------
    min_coverage : float
        Smallest share (0 to 1) of the reference's genes that must be there; below it the whole call is refused, and
        a single output that stands on less is missing.
    map_symbols : bool
        Whether genes of the reference that the matrix lacks are looked up under their approved symbols.
    gene_table : GeneTable, optional
        Where they are looked up; the bundled table if omitted.
    facts_home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.
    version : str, optional
        Version of the installed reference; the only one that is installed if omitted.
    parameters : mapping
        Parameters of the method; see ``tmescope methods show NAME``.
    """

    min_coverage: float = 0.5
    map_symbols: bool = True
    gene_table: GeneTable | None = None
    facts_home: Path | None = None
    version: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """Which genes of a reference a matrix has.

    Parameters
    ----------
    genes : tuple of str
        Of the matrix, in its order, under the reference's names.
    renamed : mapping of str to str
        Own name to the reference's, where they differ.
    wanted, absent : tuple of str
        Genes that the method looks for, and those of them that were not measured.
    """

    genes: tuple[str, ...]
    renamed: Mapping[str, str]
    wanted: tuple[str, ...]
    absent: tuple[str, ...]

    def refuse_few(self, spec: MethodSpec, min_coverage: float, *, where: str = "genes") -> None:
        """Refuse a matrix that has too few of the genes.

        Parameters
        ----------
        spec : MethodSpec
            For the message.
        min_coverage : float
            Smallest share, 0 to 1.
        where : str
            For the message.

        Raises
        ------
        MethodError
            With what is missing.
        """
        share = 1 - len(self.absent) / len(self.wanted) if self.wanted else 1.0
        if share < min_coverage:
            raise MethodError(
                f"{len(self.absent)} of the {len(self.wanted)} genes that {spec.name} needs were not measured: "
                f"{examples(self.absent)}",
                where=where,
                expected=f"at least {min_coverage:.0%} of them",
                next_step="check the identifiers (tmescope check), or lower min_coverage knowingly",
            )

    def tell(self, spec: MethodSpec, cohort: str) -> Iterator[RunWarning]:
        """Yield a warning where more than a fifth of the genes is missing.

        Parameters
        ----------
        spec : MethodSpec
            For the message.
        cohort : str
            Where it was.
        """
        if len(self.absent) > _FLAGGED * len(self.wanted):
            message = f"{len(self.absent)} of the {len(self.wanted)} genes of {spec.name}'s reference were not measured"
            yield RunWarning("coverage.partial", message, cohort, len(self.absent), self.absent[:3])


def list_deconvolvers() -> tuple[Method, ...]:
    """Return all methods that `deconvolve` takes: those with a reference, then those with gene sets of their own."""
    return DECONVOLVERS + tuple(m for m in METHODS if m.spec.gene_sets is not None)


def deconvolve(
    adata: AnnData,
    *,
    method: str | Method,
    reference: object = None,
    scale: str | None = None,
    options: DeconvolveOptions | None = None,
) -> Result:
    """Estimate how much of each cell type is in every sample.

    Answers "what is this tumour made of?". Only outputs whose unit is ``fraction`` are shares of something and may be
    compared between cell types; the others compare one type between samples.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        Dense, sparse or backed; gene symbols in ``var_names``. Not changed.
    method : str or Method
        One of ``tmescope methods`` that has a reference or gene sets of its own (MCP-counter, ESTIMATE).
    reference : object, optional
        Profiles of cell types for methods that take one of yours; others read what is installed.
    scale : str, optional
        Scale of ``adata.X`` such as ``tpm``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : DeconvolveOptions, optional
        Coverage, symbols, where references are and the method's parameters.

    Returns
    -------
    Result
        Table with columns cohort_id, sample_id, method, feature, value (NaN where missing), coverage (0 to 1) and unit;
        samples in input order, then features.

    Raises
    ------
    UnknownNameError
        If a method or parameter does not exist.
    FactsError
        If the reference is not installed.
    ScaleError
        If no scale is declared, or the method does not take that unit.
    ExpressionError
        If names are not unique, there are no samples, or values are negative where none can be.
    MethodError
        If the method needs more samples, or too few genes of the reference are there.

    Notes
    -----
    A sample of nothing but zeros has no estimate and is warned about. Samples that miss a gene are estimated without
    it, beside those that miss the same; methods that look at the whole cohort leave the gene out for all.
    """
    options = options or DeconvolveOptions()
    chosen = method if isinstance(method, Method) else find_method(method, list_deconvolvers())
    if chosen.spec.gene_sets is not None:
        limits = ScoreOptions(options.min_coverage, parameters=options.parameters)
        return score(adata, method=chosen, scale=scale, options=limits)
    spec = chosen.spec
    parameters = resolve_parameters(spec, dict(options.parameters))
    used = find_reference_of(chosen, reference, options)
    check_names([str(s) for s in adata.obs_names], [str(g) for g in adata.var_names])
    declared = find_scale(adata, scale)
    rows = MatrixRows(adata.X, declared, target_scale(spec, declared))
    values = rows.read(0, len(rows))
    check_values(spec, values)
    matched = match_genes(chosen, [str(g) for g in adata.var_names], used, options=options)
    matched.refuse_few(spec, options.min_coverage)
    mixture = Mixture(values, matched.genes, declared.unit == "array")
    found = estimate(chosen, mixture, used.content, parameters=parameters, wanted=frozenset(matched.wanted))
    warnings = tell_of_estimates(found, adata.obs_names, min_coverage=options.min_coverage, cohort=cohort_id(adata))
    make_missing(found, options.min_coverage)
    provenance = Provenance(
        method=spec.name,
        parameters={**parameters, "min_coverage": options.min_coverage, "map_symbols": options.map_symbols},
        inputs={
            "values": hash_array(values),
            "genes": hash_json(list(adata.var_names)),
            "scale": str(declared),
            "renamed": hash_json(sorted(matched.renamed.items())),
        },
        facts=used.facts,
        versions=versions(),
    )
    return Result(tidy(adata, spec, found), provenance, (*warnings, *matched.tell(spec, cohort_id(adata))))


def find_reference_of(method: Method, given: object, options: DeconvolveOptions) -> Reference:
    """Return what a method stands on: the caller's reference or the installed one.

    Parameters
    ----------
    method : Method
        Says which, and what it reads beside it.
    given : object
        The caller's; None where there is none.
    options : DeconvolveOptions
        Where installed references are, and which version is meant.

    Raises
    ------
    MethodError
        If one is missing, or given to a method with its own.
    FactsError
        If it is not installed.
    """
    spec = method.spec
    if spec.own_reference:
        if given is None:
            raise MethodError(
                f"{spec.name} needs profiles of cell types, and none are given",
                where="reference",
                next_step="build them from labelled cells: tmescope reference build cells.h5ad --labels COLUMN -o REF",
            )
        sha = str(getattr(given, "sha256", "")) or hash_json(repr(given))
        return Reference(given, {"reference": sha})
    if given is not None:
        raise MethodError(
            f"{spec.name} has a reference of its own and takes no other",
            where="reference",
            next_step="leave it out, or choose a method for your own reference",
        )
    if not spec.installed:
        return Reference(None, {})
    asked = resolve_parameters(spec, dict(options.parameters))
    return read_references(method, asked, version=options.version, home=options.facts_home)


def match_genes(method: Method, genes: Sequence[str], reference: Reference, *, options: DeconvolveOptions) -> Match:
    """Find the genes of a reference in a matrix.

    Parameters
    ----------
    method : Method
        A deconvolution method.
    genes : sequence of str
        Of the matrix.
    reference : Reference
        From `find_reference_of`.
    options : DeconvolveOptions
        Whether and where other names are looked up, and the method's parameters.
    """
    parameters = resolve_parameters(method.spec, dict(options.parameters))
    named = () if method.vocabulary is None else method.vocabulary(reference.content, parameters)
    wanted = tuple(dict.fromkeys(named))
    measured = set(genes)
    absent = [g for g in wanted if g not in measured]
    claims: dict[str, list[str]] = {}
    by_itself = method.renames is not None and method.renames(parameters)
    if options.map_symbols and absent and not by_itself:
        taken = set(wanted)
        for one in (options.gene_table or load_genes()).resolve(absent):
            if one.hgnc_id is not None and one.gene_symbol in measured and one.gene_symbol not in taken:
                claims.setdefault(one.gene_symbol, []).append(one.input_id)
    renamed = {own: names[0] for own, names in claims.items() if len(names) == 1}
    found = tuple(renamed.get(g, g) for g in genes)
    here = set(found)
    return Match(found, renamed, wanted, tuple(g for g in wanted if g not in here))
