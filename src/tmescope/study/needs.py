"""What a study asks for by name: methods, signatures, and the genes that these need."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.scoring import list_methods
from tmescope.facts.own_sets import map_own_genes
from tmescope.facts.set_names import NAME_RULE, find_name_fault
from tmescope.facts.signatures import Signature, list_signatures, load_collection, load_signature
from tmescope.foundation.errors import (
    FileFormatError,
    MissingFileError,
    StudyFileError,
    TmescopeError,
    UnknownNameError,
)
from tmescope.foundation.method import MethodSpec, find_method, resolve_parameters
from tmescope.foundation.provenance import hash_json
from tmescope.foundation.result import RunWarning
from tmescope.ingest.symbols import map_genes
from tmescope.study.cell_features import label_methods
from tmescope.study.deconvolution_models import DeconvolutionModels, read_deconvolution_models, unpinned_problems
from tmescope.study.deconvolving import deconvolution_problems, deconvolution_specs
from tmescope.study.gene_tables import BUNDLED, choose_genes, genes_at_hand, table_problems
from tmescope.study.model_files import StudyModels, model_problems, read_models
from tmescope.study.signature_files import StudySets, choose_from_files, file_problems, read_files
from tmescope.study.subtype_needs import StudySubtypes, read_subtype_models, subtype_problems
from tmescope.study.truths import truth_problems

if TYPE_CHECKING:
    from tmescope.facts.genes import GeneTable
    from tmescope.study.schema import Study

__all__ = ["Needs", "gather_needs", "name_problems", "read_universe"]

_UNIVERSES = ("common", "own")
_LARGEST_UNIVERSE = 16 << 20


@dataclass(frozen=True)
class Needs:
    """Resolved names of a study.

    Parameters
    ----------
    specs : tuple of MethodSpec
        Methods in the study's order.
    signatures : tuple of Signature
        Signatures, bundled ones and then those of files, that are scored by methods without gene sets of their own.
    collections : tuple of Signature
        Sets of methods that bring their own.
    own : dict of str to tuple of str
        The study's own gene sets, previous symbols replaced.
    files : StudySets
        What its files of gene sets hold; those of their sets that are scored stand in `signatures`.
    models : StudyModels
        Its frozen models, whose specifications stand at the end of `specs`.
    deconvolution : tuple of MethodSpec
        Deconvolution methods in the study's order, then its frozen ones.
    compositions : DeconvolutionModels
        Those.
    subtypes : StudySubtypes
        Models of subtypes that are applied or fitted.
    own_notes : tuple of RunWarning
        What readers should know of `own`.
    """

    specs: tuple[MethodSpec, ...]
    signatures: tuple[Signature, ...]
    collections: tuple[Signature, ...]
    own: dict[str, tuple[str, ...]]
    files: StudySets
    models: StudyModels = field(default_factory=lambda: StudyModels({}, {}))
    deconvolution: tuple[MethodSpec, ...] = ()
    compositions: DeconvolutionModels = field(default_factory=lambda: DeconvolutionModels({}, {}))
    subtypes: StudySubtypes = field(default_factory=StudySubtypes)
    own_notes: tuple[RunWarning, ...] = ()

    @property
    def genes(self) -> tuple[str, ...]:
        """Sorted symbols of all genes that any of them names."""
        named = {g for s in (*self.signatures, *self.collections) for g in s.genes}
        return tuple(sorted(named.union(self.subtypes.genes, *self.own.values(), *self.models.sets.values())))

    @property
    def notes(self) -> tuple[RunWarning, ...]:
        """What readers should know of the study's gene sets and of those of its files."""
        return (*self.own_notes, *(note for file in self.files.files.values() for note in file.notes))

    @property
    def facts(self) -> dict[str, str]:
        """Name to sha256 of every gene set in use."""
        bundled = {s.name: s.sha256 for s in (*self.signatures, *self.collections)}
        hashes = self.models.hashes | self.compositions.hashes
        frozen = {f"model {name}": sha256 for name, sha256 in hashes.items()}
        return bundled | {name: hash_json(sorted(set(genes))) for name, genes in self.own.items()} | frozen

    def sets(self) -> dict[str, tuple[str, ...]]:
        """Gene sets that methods without sets of their own score, in order."""
        return {s.name: tuple(s.genes) for s in self.signatures} | self.own

    def weighted_sets(self) -> Mapping[str, Sequence[str] | Mapping[str, float]]:
        """The same sets, with weights where a signature has some."""
        return {**{s.name: s.weights or s.genes for s in self.signatures}, **self.own}

    def primary(self, study: Study) -> str:
        """Method that figures show: the one that the study names, or the first; empty where none measures anything."""
        named = [spec.name for spec in (*self.specs, *self.deconvolution)]
        return study.profile.primary or (named[0] if named else "")


def gather_needs(study: Study) -> Needs:
    """Look up every method and signature that a study names.

    Raises
    ------
    UnknownNameError
        At the first name that does not exist; `name_problems` lists all.
    FactsError
        The table of genes cannot be had.
    """
    methods, _ = list_methods()
    specs = tuple(find_method(name, methods).spec for name in study.profile.methods)
    deconvolution = deconvolution_specs(study)
    collections = tuple(
        s for spec in (*specs, *deconvolution) if spec.gene_sets for s in load_collection(spec.gene_sets)
    )
    unique = {s.name: s for s in collections}
    genes = choose_genes(study)
    own, notes = map_own_genes(
        study.profile.own_signatures, where="profile.own_signatures", map_symbols=genes is not None, table=genes
    )
    signatures: tuple[Signature, ...] = ()
    files = read_files(study)
    for problem in files.problems:
        raise problem
    if any(spec.gene_sets is None for spec in specs):
        named = study.profile.signatures
        from_files = choose_from_files(named, files)
        taken = {s.name for s in from_files}
        bundled = _of_tier(named) if isinstance(named, str) else [load_signature(n) for n in named if n not in taken]
        signatures = (*bundled, *from_files)
    models = read_models(study)
    compositions = read_deconvolution_models(study)
    for problem in (*models.problems, *compositions.problems):
        raise problem
    subtypes = read_subtype_models(study)
    for problem in subtypes.problems:
        raise problem
    return Needs(
        (*specs, *models.specs),
        signatures,
        tuple(unique.values()),
        own,
        files,
        models,
        (*deconvolution, *compositions.specs),
        compositions,
        subtypes,
        own_notes=notes,
    )


def _of_tier(named: str) -> tuple[Signature, ...]:
    return list_signatures(None if named == "all" else named)


def read_universe(study: Study) -> tuple[str, ...] | None:
    """Read the genes that rank-based scores see from the study's file.

    Parameters
    ----------
    study : Study
        Its ``profile.gene_universe`` names the file: UTF-8, one symbol per line, lines with ``#`` are comments.
        Symbols are looked up in the table of its matrices.

    Returns
    -------
    tuple of str or None
        Sorted and unique, by the symbols that matrices get; None where the universe is ``common`` or ``own`` and not
        a file. A symbol counts by what it means alone and by what it becomes beside all others of the file, since a
        matrix may hold them all or a few.

    Raises
    ------
    MissingFileError
        If there is no such file.
    FileFormatError
        If it is not text, or names no gene.
    """
    chosen = study.profile.gene_universe
    if chosen in _UNIVERSES:
        return None
    expected = "common, own, or a text file with one gene symbol per line"
    where = f"profile.gene_universe: {chosen}"
    step = "write one gene symbol per line"
    path = study.resolve(chosen)
    try:
        _check_universe(path, chosen, where)
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except OSError as error:
        raise MissingFileError(
            f"the file {chosen!r} with the gene universe cannot be read: {error.strerror}",
            where=where,
            expected=expected,
            next_step="check the path, which is relative to the study file",
        ) from error
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"the file {chosen!r} is not text in UTF-8", where=where, expected=expected, next_step=step
        ) from error
    genes = _mapped({line for line in lines if line and not line.startswith("#")}, genes_at_hand(study))
    if not genes:
        raise FileFormatError(f"the file {chosen!r} names no gene", where=where, expected=expected, next_step=step)
    return genes


def _mapped(names: set[str], genes: GeneTable | None) -> tuple[str, ...]:
    if genes is None:
        return tuple(sorted(names))
    alone = (genes.resolve([name])[0].gene_symbol for name in names)
    return tuple(sorted({*alone, *map_genes(sorted(names), genes).gene_symbols}))


def _check_universe(path: Path, chosen: str, where: str) -> None:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST_UNIVERSE):
        return  # opening a folder says that it is one
    kind = "a pipe" if stat.S_ISFIFO(found.st_mode) else "a device"
    size = f"has {found.st_size:,} bytes" if stat.S_ISREG(found.st_mode) else f"is {kind}, which may not end"
    raise FileFormatError(
        f"the file {chosen!r} {size}",
        where=where,
        expected=f"a text file of at most {_LARGEST_UNIVERSE:,} bytes",
        next_step="write one gene symbol per line",
    )


def without_unknown(study: Study) -> Study:
    """Return the study without the names of its profile that do not exist, so that its files can still be looked at.

    Parameters
    ----------
    study : Study
        Whose `name_problems` were kept.
    """
    profile = study.profile
    known = {m.spec.name for m in list_methods()[0]}
    bundled = {s.name for s in list_signatures()}
    named = profile.signatures
    files = read_files(study)
    if any(file_problems(study, files, _bundled())):
        files = StudySets({}, {}, ())
    bundled |= {s.name for s in files.signatures}
    kept = {
        "methods": [m for m in dict.fromkeys(profile.methods) if m in known] or ["mean"],
        "models": list(_sound_models(study).paths.values()),
        "signatures": named if isinstance(named, str) else [s for s in named if s in bundled],
        "signature_files": list(files.files),
        "leading_edge": [],
        "own_signatures": {
            n: g for n, g in profile.own_signatures.items() if g and n not in bundled and not find_name_fault(n)
        },
        "parameters": {},
        "gene_universe": "own",
        "gene_table": profile.gene_table if not list(table_problems(study)) else BUNDLED,
    }
    composition = study.deconvolution.model_copy(update=_unsound_composition(study))
    subtypes = study.subtypes.model_copy(update={"models": [], "fit": ""} if any(subtype_problems(study)) else {})
    update = {"profile": profile.model_copy(update=kept), "deconvolution": composition, "subtypes": subtypes}
    pruned = study.model_copy(update=update)
    return pruned.in_folder(study.resolve("."))


def _unsound_composition(study: Study) -> dict[str, object]:
    """Return what ``[deconvolution]`` must lack so that its files can still be looked at."""
    lacking: dict[str, object] = {}
    if any(deconvolution_problems(study)):
        lacking |= {"methods": [], "reference": None, "parameters": {}}
    if any(unpinned_problems(study, read_deconvolution_models(study))):
        lacking["models"] = []
    if any(truth_problems(study)):
        lacking["truth"] = {}
    return lacking


def name_problems(study: Study) -> list[TmescopeError]:
    """Return one error for each method, parameter, signature or file of the profile that does not exist."""
    found = [*_method_problems(study), *_signature_problems(study), *_universe_problems(study), *table_problems(study)]
    found += [*deconvolution_problems(study), *truth_problems(study)]
    found += [*unpinned_problems(study, read_deconvolution_models(study))]
    found += subtype_problems(study)
    found += _model_problems(study, complete=not found)
    return [*found, *([] if found else _leading_problems(study))]


def _leading_problems(study: Study) -> Iterator[TmescopeError]:
    if not study.profile.leading_edge:
        return
    needs = gather_needs(study)
    known = {*needs.sets(), *needs.models.sets, *(s.name for s in needs.collections)}
    for name in study.profile.leading_edge:
        if name not in known:
            yield UnknownNameError.of("signature that is scored", name, known, where="profile.leading_edge")


def _model_problems(study: Study, *, complete: bool) -> Iterator[TmescopeError]:
    models = read_models(study)
    if not complete or models.problems:
        yield from models.problems
        return
    yield from model_problems(models, gather_needs(study).sets())
    frozen = read_deconvolution_models(study).models
    names = [*study.profile.methods, *models.models]
    asked = [("answers.methods", name) for name in study.answers.methods or []]
    asked += [("profile.primary", name) for name in [study.profile.primary] if name]
    of_cells = label_methods(study)
    named = {"answers.methods": [*names, *study.deconvolution.methods, *frozen, *of_cells], "profile.primary": names}
    for place, name in asked if models.models or frozen else []:
        if name not in named[place]:
            yield UnknownNameError.of("method of the profile", name, named[place], where=place)


def _sound_models(study: Study) -> StudyModels:
    models = read_models(study)
    return StudyModels({}, {}) if any(model_problems(models, {})) else models


def _method_problems(study: Study) -> Iterator[TmescopeError]:
    methods, _ = list_methods()
    for name in study.profile.methods:
        try:
            spec = find_method(name, methods, where="profile.methods").spec
            resolve_parameters(spec, dict(study.profile.parameters.get(name, {})))
        except TmescopeError as error:
            error.where = error.where or f"profile.parameters.{name}"
            yield error


def _signature_problems(study: Study) -> Iterator[TmescopeError]:
    named = study.profile.signatures
    files = read_files(study)
    known = {s.name for s in (*list_signatures(), *files.signatures)}
    for name in [] if isinstance(named, str) else named:
        if name not in known:
            yield UnknownNameError.of("signature", name, known, where="profile.signatures")
    yield from file_problems(study, files, _bundled())
    hungry = [
        m.spec.name for m in list_methods()[0] if m.spec.gene_sets is None and m.spec.name in study.profile.methods
    ]
    if hungry and not named and not study.profile.own_signatures and not study.profile.signature_files:
        yield StudyFileError(
            f"no signature is named, and {', '.join(hungry)} can score nothing without",
            where="profile.signatures",
            expected='"core", "all", or names from: tmescope signatures',
        )
    bundled = _bundled()
    for name, genes in study.profile.own_signatures.items():
        place = f"profile.own_signatures.{name}"
        if fault := find_name_fault(name):
            yield StudyFileError(fault, where="profile.own_signatures", expected=NAME_RULE)
        if name in bundled:
            yield StudyFileError(
                f"{name!r} is the name of a bundled signature or population",
                where=place,
                next_step="give yours another name",
            )
        if not any(gene.strip() for gene in genes):
            yield StudyFileError("the signature has no gene", where=place, expected="at least one gene symbol")


def _bundled() -> set[str]:
    """Return the names of bundled signatures and of the populations of methods with sets of their own."""
    collections = [m.spec.gene_sets for m in list_methods()[0] if m.spec.gene_sets]
    populations = {s.name for name in collections for s in load_collection(name)}
    return populations.union(s.name for s in list_signatures())


def _universe_problems(study: Study) -> Iterator[TmescopeError]:
    try:
        read_universe(study)
    except TmescopeError as error:
        yield error
