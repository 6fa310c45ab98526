"""The contract's checks notice what they are for. That our own methods keep it is in ``tests/contract``."""

from __future__ import annotations

import itertools
import socket
from dataclasses import replace

import numpy as np
import pytest

import tmescope.testing
from tmescope.bulk.methods.means import METHOD as MEAN
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, Parameter
from tmescope.testing import CHECKS, check_method
from tmescope.testing.contract import CHECKS as THE_SAME

pytestmark = pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value encountered")

THREADS = Parameter("threads", int, 1, "Threads (1 to 64).", 1, 64)
_COUNTER = itertools.count()


def _method(run, **spec: object) -> Method:
    return Method(replace(MEAN.spec, name="broken", **spec), run)


def _by_row(values, sets, parameters):
    return MEAN.run(values, sets, parameters) + np.arange(len(values))[:, None]


def _by_first_gene(values, sets, parameters):
    return MEAN.run(values, sets, parameters) + values[:, :1]


def _random(values, sets, parameters):
    return MEAN.run(values, sets, parameters) + 1e-6 * next(_COUNTER)


def _by_threads(values, sets, parameters):
    return MEAN.run(values, sets, parameters) + 1e-12 * parameters["threads"]


def _divides_by_spread(values, sets, parameters):
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = values / np.where(np.ptp(values, axis=0) == 0, np.nan, np.ptp(values, axis=0))
    return np.column_stack([spread[:, sets.columns(i)].mean(axis=1) for i in range(len(sets.names))])


def _propagates_missing(values, sets, parameters):
    scores = MEAN.run(values, sets, parameters)
    scores[np.isnan(values).any(axis=1)] = np.nan
    return scores


def _centred(values, sets, parameters):
    scores = MEAN.run(values, sets, parameters)
    return scores - np.nanmean(scores, axis=0)


def _single_precision(values, sets, parameters):
    return MEAN.run(values, sets, parameters).astype(np.float32).astype(object)


def _overwrites(values, sets, parameters):
    scores = MEAN.run(values, sets, parameters)
    values[0] = 0.0
    return scores


def _calls_home(values, sets, parameters):
    with socket.socket() as line:
        line.connect(("127.0.0.1", 9))
    return MEAN.run(values, sets, parameters)


BROKEN = {
    "sample order does not matter": (_method(_by_row), "reversing the samples changes the scores by up to 11"),
    "gene order does not matter without ties": (_method(_by_first_gene), "reordering the genes"),
    "the same call gives the same bytes": (_method(_random), "a second call"),
    "threads do not matter": (_method(_by_threads, parameters=(THREADS,)), "four threads"),
    "constant genes are defined": (_method(_divides_by_spread, scope="cohort"), "one constant gene"),
    "missing values are defined": (_method(_propagates_missing), "three missing values"),
    "a sample-scoped method sees one sample": (_method(_centred), "leaving other samples out"),
    "scores lie in the declared range": (_method(MEAN.run, low=5.0, high=6.0), "leave the declared range 5.0 to 6.0"),
    "run returns n_samples x n_sets": (_method(_single_precision), "run must return float64"),
    "no network": (_method(_calls_home), "opened a connection"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_method_that_breaks_a_promise_is_told_which(name):
    method, evidence = BROKEN[name]
    with pytest.raises(AssertionError, match=evidence):
        CHECKS[name](method)
    CHECKS[name](MEAN)


def test_a_method_that_writes_into_its_input_is_found():
    with pytest.raises(AssertionError, match="run changed its input"):
        CHECKS["run returns n_samples x n_sets"](_method(_overwrites))


def test_the_first_broken_promise_is_named_with_the_method():
    with pytest.raises(AssertionError, match=r"^broken: sample order does not matter: reversing"):
        check_method(_method(_by_row))
    with pytest.raises(MethodError, match="returned an array of shape"):
        check_method(_method(lambda values, sets, parameters: MEAN.run(values, sets, parameters)[:, :1]))


def test_all_checks_are_run(monkeypatch):
    done: list[str] = []
    spies = {name: lambda method, name=name: done.append(name) for name in CHECKS}
    monkeypatch.setattr("tmescope.testing.contract.CHECKS", spies)
    check_method(MEAN)
    assert done == list(CHECKS)


def test_the_network_is_given_back():
    before = socket.socket.connect
    with pytest.raises(AssertionError):
        CHECKS["no network"](_method(_calls_home))
    assert socket.socket.connect is before


def test_the_room_offers_them_lazily():
    assert THE_SAME is tmescope.testing.CHECKS
    assert dir(tmescope.testing) == ["CHECKS", "check_method"]
    with pytest.raises(AttributeError, match="has no attribute 'contracts'"):
        _ = tmescope.testing.contracts
