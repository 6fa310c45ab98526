"""Versions of installed references that a study pins: found before anything is computed, kept in the provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.deconvolution import list_deconvolvers
from tmescope.facts.installed import Installed, facts_folder
from tmescope.facts.loading import demand_whole, find_installed
from tmescope.foundation.errors import TmescopeError
from tmescope.foundation.method import resolve_parameters

if TYPE_CHECKING:
    from tmescope.study.schema import Study

__all__ = ["find_pins", "pin_hashes", "pin_terms"]


def find_pins(study: Study, home: Path | None = None) -> tuple[tuple[Installed, ...], tuple[TmescopeError, ...]]:
    """Return what is installed of what a study pins and its methods read beside it, and what is wrong with the rest.

    Parameters
    ----------
    study : Study
        The study.
    home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.

    Returns
    -------
    tuple
        The installed versions, sorted by name; and one error for each pin that names no reference, is not installed or
        whose files changed since.
    """
    folder = facts_folder({}) if home is None else home
    found: list[Installed] = []
    problems: list[TmescopeError] = []
    for name, version in sorted({*study.facts.items(), *_read_further(study)}):
        try:
            found.append(_find(name, version, folder))
        except TmescopeError as error:
            error.where = f"facts.{name}; {folder}"
            problems.append(error)
    return tuple(found), tuple(problems)


def _read_further(study: Study) -> Iterator[tuple[str, str]]:
    """Yield name and version of what deconvolution methods read beside their references: they fix the version."""
    known = {m.spec.name: m for m in list_deconvolvers()}
    for name in study.deconvolution.methods:
        method = known.get(name)
        if method is None or method.further is None:
            continue
        try:
            asked = resolve_parameters(method.spec, dict(study.deconvolution.parameters.get(name, {})))
        except TmescopeError:
            continue  # told with the parameters
        yield from method.further(asked)


def _find(name: str, version: str, home: Path) -> Installed:
    one = find_installed(name, version, home=home)
    demand_whole(one)
    return one


def pin_hashes(installed: Iterable[Installed]) -> dict[str, str]:
    """Return the sha256 of every file, by reference, version and role.

    Parameters
    ----------
    installed : iterable of Installed
        From `find_pins`.
    """
    return {f"{one.name} {one.version}: {role}": sha for one in installed for role, sha in sorted(one.sha256.items())}


def pin_terms(installed: Iterable[Installed]) -> dict[str, str]:
    """Return the licence of each reference, whether it was accepted and whom its content is trusted by.

    Parameters
    ----------
    installed : iterable of Installed
        From `find_pins`.
    """
    return {f"{one.name} {one.version}": _terms(one) for one in installed}


def _terms(one: Installed) -> str:
    accepted = "accepted by name when it was installed" if one.accepted else "no acceptance was asked for"
    trust = {"registry": "known to tmescope", "given": "given by the user", "first use": "recorded at its first use"}
    return f"{one.licence} [{accepted}; sha256 {trust.get(one.trust, one.trust)}]"
