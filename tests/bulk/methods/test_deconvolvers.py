"""The list of deconvolution methods."""

from __future__ import annotations

from tmescope.bulk.methods.deconvolvers import DECONVOLVERS
from tmescope.bulk.methods.registry import METHODS


def test_names_are_unique_among_all_methods_of_the_room() -> None:
    names = [m.spec.name for m in (*METHODS, *DECONVOLVERS)]
    assert len(set(names)) == len(names)


def test_each_says_which_reference_it_stands_on_and_who_may_use_it() -> None:
    for method in DECONVOLVERS:
        spec = method.spec
        assert bool(spec.installed) != spec.own_reference, spec.name
        assert spec.licence or spec.own_reference, spec.name
        assert spec.gene_sets is None, spec.name
        assert method.vocabulary is not None, spec.name
