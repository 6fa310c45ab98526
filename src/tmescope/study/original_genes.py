"""The genes that a method's original ranks, where the study pins the reference that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tmescope.facts.installed import facts_folder
from tmescope.facts.loading import load_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmescope.foundation.method import MethodSpec
    from tmescope.study.schema import Study

__all__ = ["find_originals", "original_genes"]


def original_genes(study: Study, spec: MethodSpec) -> tuple[str, ...] | None:
    """Return the genes that a method's original ranks, as its reference writes them.

    Parameters
    ----------
    study : Study
        Its pins under ``facts`` and its folder of installed references.
    spec : MethodSpec
        The method; its ``universe`` names the reference.

    Returns
    -------
    tuple of str or None
        None where the method has no universe of its own, or the study does not pin it.

    Raises
    ------
    FactsError
        The version is not installed.
    """
    if not spec.universe or spec.universe not in study.facts:
        return None
    folder = study.facts_home or facts_folder({})
    found = load_reference(spec.universe, study.facts[spec.universe], home=folder)
    return cast("tuple[str, ...]", found)


def find_originals(originals: tuple[str, ...], mapping: Mapping[str, str], *, by_symbol: bool) -> dict[str, str]:
    """Return the genes of a cohort that the original would rank, with the name that it sorts each by.

    Parameters
    ----------
    originals : tuple of str
        From `original_genes`.
    mapping : mapping of str to str
        Identifier in the cohort's file to the symbol that the study gives it.
    by_symbol : bool
        Whether the identifiers are symbols.

    Returns
    -------
    dict of str to str
        Gene of the cohort to name in the reference; genes that the cohort lacks stand under their names there.

    Notes
    -----
    The original looks symbols up as the file has them, and so does this: a gene that was renamed since its paper and
    stands in the file under the new name is not ranked there either, or scores would differ from published ones. Other
    identifiers are looked up by the symbols that they became.
    """
    named = {name if by_symbol else symbol: symbol for name, symbol in mapping.items()}
    measured = frozenset(mapping.values())
    found = {named[name]: name for name in originals if name in named}
    return found | {name: name for name in originals if name not in named and name not in measured}
