"""Which gene sets a method scores: its own, bundled ones by name, or the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tmescope.facts.signatures import Signature, list_signatures, load_collection, load_signature
from tmescope.foundation.errors import MethodError, examples
from tmescope.foundation.method import MethodSpec
from tmescope.foundation.provenance import hash_json

__all__ = ["Asked", "SetDefinitions", "define_sets"]

Asked = Sequence[str | Signature] | Mapping[str, Sequence[str] | Mapping[str, float]] | None
"""Bundled signatures by name, signatures themselves, or genes (or weights by gene) by name; None for the core ones."""


@dataclass(frozen=True)
class SetDefinitions:
    """Gene sets as they are defined, before anybody looked at a matrix.

    Parameters
    ----------
    genes : dict of str to tuple of str
        Symbols of each set.
    weights : dict of str to mapping of str to float, or None
        Published weights of the sets that have some.
    facts : dict of str to str
        Name to sha256 of its genes, for provenance.
    left_out : tuple of str
        Sets that the method cannot score because they have no weights.
    """

    genes: dict[str, tuple[str, ...]]
    weights: dict[str, Mapping[str, float] | None]
    facts: dict[str, str]
    left_out: tuple[str, ...] = ()


def define_sets(spec: MethodSpec, asked: Asked) -> SetDefinitions:
    """Look up the gene sets that a method scores.

    Parameters
    ----------
    spec : MethodSpec
        A method with gene sets of its own takes those whatever is asked for; one that needs weights leaves out sets
        without.
    asked : Asked
        See there.

    Raises
    ------
    UnknownNameError
        A signature does not exist.
    MethodError
        The method needs weights and no set has some.
    """
    defined = _look_up(spec, asked)
    if spec.weights != "value":
        return defined
    kept = [name for name in defined.genes if defined.weights[name]]
    left_out = tuple(name for name in defined.genes if not defined.weights[name])
    if not kept:
        raise MethodError(
            f"{spec.name} needs published weights, and none of the {len(left_out)} signatures has some: "
            f"{examples(left_out)}",
            where="signatures",
            expected="signatures with weights, such as tis18",
            next_step="choose another method, or give a mapping of gene to weight",
        )
    return SetDefinitions(
        {n: defined.genes[n] for n in kept},
        {n: defined.weights[n] for n in kept},
        {n: defined.facts[n] for n in kept},
        left_out,
    )


def _look_up(spec: MethodSpec, asked: Asked) -> SetDefinitions:
    if spec.gene_sets is not None:
        chosen = load_collection(spec.gene_sets)
    elif isinstance(asked, Mapping):
        genes = {name: tuple(named) for name, named in asked.items()}
        weights = {name: named if isinstance(named, Mapping) else None for name, named in asked.items()}
        facts = {name: _hash(genes[name], weights[name]) for name in genes}
        return SetDefinitions(genes, weights, facts)
    elif asked is None:
        chosen = list_signatures("core")
    else:
        chosen = tuple(s if isinstance(s, Signature) else load_signature(s) for s in asked)
    return SetDefinitions(
        {s.name: tuple(s.genes) for s in chosen},
        {s.name: s.weights for s in chosen},
        {s.name: s.sha256 for s in chosen},
    )


def _hash(genes: Sequence[str], weights: Mapping[str, float] | None) -> str:
    return hash_json(sorted(set(genes)) if weights is None else sorted(weights.items()))
