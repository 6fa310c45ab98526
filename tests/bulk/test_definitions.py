from __future__ import annotations

import pytest

from tmescope.bulk.definitions import define_sets
from tmescope.bulk.methods.estimate import METHOD as ESTIMATE
from tmescope.bulk.methods.means import METHOD as MEAN
from tmescope.bulk.methods.weighted_sum import METHOD as WEIGHTED
from tmescope.facts.signatures import list_signatures, load_signature
from tmescope.foundation.errors import MethodError, UnknownNameError


def test_names_signatures_mappings_and_nothing():
    assert list(define_sets(MEAN.spec, None).genes) == [s.name for s in list_signatures("core")]
    assert list(define_sets(MEAN.spec, ["cyt", load_signature("ifng6")]).genes) == ["cyt", "ifng6"]
    own = define_sets(MEAN.spec, {"mine": ["A", "B"], "weighted": {"A": 2.0}})
    assert own.genes == {"mine": ("A", "B"), "weighted": ("A",)}
    assert own.weights == {"mine": None, "weighted": {"A": 2.0}}
    with pytest.raises(UnknownNameError, match="'cytt'"):
        define_sets(MEAN.spec, ["cytt"])


def test_weights_are_part_of_the_hash():
    one = define_sets(MEAN.spec, {"s": {"A": 1.0}}).facts
    assert one != define_sets(MEAN.spec, {"s": {"A": 2.0}}).facts
    assert one != define_sets(MEAN.spec, {"s": ["A"]}).facts


def test_a_method_with_sets_of_its_own_takes_those():
    assert list(define_sets(ESTIMATE.spec, ["cyt"]).genes) == ["estimate_stromal", "estimate_immune"]


def test_sets_without_weights_are_left_out_where_weights_count():
    defined = define_sets(WEIGHTED.spec, ["cyt", "tis18"])
    assert (list(defined.genes), defined.left_out) == (["tis18"], ("cyt",))
    with pytest.raises(MethodError, match="none of the 1 signatures"):
        define_sets(WEIGHTED.spec, ["cyt"])
