"""Gene sets that a study takes from files: read once, checked against all other names, chosen, counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.facts.own_sets import SignatureFile, read_signature_file
from tmescope.foundation.errors import MissingFileError, StudyFileError, TmescopeError
from tmescope.foundation.provenance import hash_file
from tmescope.study.gene_tables import genes_at_hand

if TYPE_CHECKING:
    from tmescope.facts.genes import GeneTable
    from tmescope.facts.signatures import Signature
    from tmescope.study.schema import Study

__all__ = ["MOST_SCORED", "StudySets", "choose_from_files", "describe_files", "file_problems", "read_files"]

MOST_SCORED = 1_000
"""Sets of files that one study may score: a table of answers is read by people, and every set is one more test."""


@dataclass(frozen=True)
class StudySets:
    """The gene sets of a study's files.

    Parameters
    ----------
    files : mapping of str to SignatureFile
        By path as the study file writes it.
    hashes : mapping of str to str
        The sha256 of each file, by the same path.
    problems : tuple of TmescopeError
        Files that could not be read.
    """

    files: Mapping[str, SignatureFile]
    hashes: Mapping[str, str]
    problems: tuple[TmescopeError, ...]

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Every set of every file, in order; of sets with one name the first."""
        found: dict[str, Signature] = {}
        for file in self.files.values():
            for signature in file.signatures:
                found.setdefault(signature.name, signature)
        return tuple(found.values())


def read_files(study: Study) -> StudySets:
    """Read the files of ``profile.signature_files``.

    Parameters
    ----------
    study : Study
        Paths start at its folder; symbols are looked up in the table of its matrices.
    """
    files: dict[str, SignatureFile] = {}
    hashes: dict[str, str] = {}
    problems: list[TmescopeError] = []
    genes = genes_at_hand(study)
    for path in study.profile.signature_files:
        try:
            sha256 = hash_file(study.resolve(path))
            files[path] = _read(study.resolve(path), sha256, genes)
            hashes[path] = sha256
        except TmescopeError as error:
            error.where = f"profile.signature_files: {error.where or path}"
            problems.append(error)
        except OSError as error:
            problems.append(
                MissingFileError(
                    f"the file {path!r} cannot be read: {error.strerror}",
                    where="profile.signature_files",
                    expected="a file of gene sets: .gmt, .csv, .tsv or .toml",
                )
            )
    return StudySets(files, hashes, tuple(problems))


@lru_cache(maxsize=4)
def _read(path: Path, sha256: str, genes: GeneTable | None) -> SignatureFile:  # noqa: ARG001 - a part of the cache's key
    return read_signature_file(path, map_symbols=genes is not None, table=genes)


def choose_from_files(named: str | list[str], sets: StudySets) -> tuple[Signature, ...]:
    """Return the sets of the files that are scored.

    Parameters
    ----------
    named : str or list of str
        ``profile.signatures``. A list that names sets of the files takes those alone; anything else takes all.
    sets : StudySets
        From `read_files`.
    """
    everything = sets.signatures
    wanted = frozenset(named if isinstance(named, list) else ())
    chosen = tuple(s for s in everything if s.name in wanted)
    return chosen or everything


def file_problems(study: Study, sets: StudySets, bundled: Collection[str]) -> Iterator[TmescopeError]:
    """Yield what is wrong with the files of gene sets: unreadable ones, names that stand in two places, too many sets.

    Parameters
    ----------
    study : Study
        Its own signatures and choice.
    sets : StudySets
        From `read_files`.
    bundled : collection of str
        Names of bundled signatures and populations.
    """
    yield from sets.problems
    places = dict.fromkeys(bundled, "the bundled signatures")
    places |= {name: f"profile.own_signatures.{name}" for name in study.profile.own_signatures}
    for path, file in sets.files.items():
        for signature in file.signatures:
            here = f"{path}{file.places[signature.name].removeprefix(file.name)}"
            if signature.name in places:
                yield StudyFileError(
                    f"{signature.name!r} is the name of two sets: {places[signature.name]} and {here}",
                    where="profile.signature_files",
                    expected="each name once",
                    next_step="rename the set in the file",
                )
            places.setdefault(signature.name, here)
    n_chosen = len(choose_from_files(study.profile.signatures, sets))
    if n_chosen > MOST_SCORED:
        yield StudyFileError(
            f"{n_chosen} sets of files would be scored",
            where="profile.signature_files",
            expected=f"at most {MOST_SCORED}",
            next_step="name those that the question is about in profile.signatures",
        )


def describe_files(sets: StudySets, chosen: Collection[str], genes: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield one line per file: its sets, its genes, and how many of these each cohort measured.

    Parameters
    ----------
    sets : StudySets
        From `read_files`.
    chosen : collection of str
        Names of the sets that are scored.
    genes : mapping of str to collection of str
        Genes of each cohort.
    """
    for path, file in sets.files.items():
        scored = [s for s in file.signatures if s.name in chosen]
        named = {gene for s in scored for gene in s.genes}
        line = f"  {path}: {len(scored)} of {len(file.signatures)} sets are scored, {len(named)} genes"
        found = {cohort: len(named.intersection(measured)) for cohort, measured in genes.items()}
        shares = [f"{cohort} {n} ({n / max(len(named), 1):.0%})" for cohort, n in found.items()]
        yield f"{line}; of these in {', '.join(shares)}" if shares else line
