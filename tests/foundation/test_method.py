from __future__ import annotations

from dataclasses import replace
from importlib import metadata

import pytest

from tmescope.bulk.methods.registry import METHODS
from tmescope.foundation import method as module
from tmescope.foundation.errors import MethodError, UnknownNameError
from tmescope.foundation.method import Parameter, find_method, load_plugins, resolve_parameters


def test_find_method_suggests():
    assert find_method("mean", METHODS).spec.name == "mean"
    with pytest.raises(UnknownNameError, match="ssgsae"):
        find_method("ssgsae", METHODS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": "x"}, "wrong type"),
        ({"alpha": True}, "wrong type"),
        ({"alpha": 11.0}, "out of range"),
        ({"threads": 0}, "out of range"),
    ],
)
def test_parameters_are_checked(given, message):
    spec = find_method("ssgsea", METHODS).spec
    with pytest.raises(MethodError, match=message):
        resolve_parameters(spec, given)


def test_parameters_have_defaults_and_no_strangers():
    spec = find_method("ssgsea", METHODS).spec
    assert resolve_parameters(spec, {"alpha": 1}) == {"alpha": 1.0, "threads": 1}
    with pytest.raises(UnknownNameError, match="alhpa"):
        resolve_parameters(spec, {"alhpa": 1.0})


def test_a_text_with_choices_is_one_of_them():
    chosen = Parameter("solver", str, "lsei", "How.", choices=("lsei", "huber"))
    spec = replace(find_method("ssgsea", METHODS).spec, parameters=(chosen,))
    assert resolve_parameters(spec, {}) == {"solver": "lsei"}
    assert resolve_parameters(spec, {"solver": "huber"}) == {"solver": "huber"}
    with pytest.raises(UnknownNameError, match="hubert"):
        resolve_parameters(spec, {"solver": "hubert"})


def _entry(name, value):
    return metadata.EntryPoint(name=name, value=value, group=module.ENTRY_POINT_GROUP)


def test_plugins_load_and_broken_ones_are_a_sentence(monkeypatch):
    found = [
        _entry("good", "tmescope.bulk.methods.means:METHOD"),
        _entry("absent", "no_such_module:METHOD"),
        _entry("wrong", "tmescope.bulk.methods.means:mean_of_sets"),
    ]
    monkeypatch.setattr(
        module.metadata, "entry_points", lambda group: found if group == module.ENTRY_POINT_GROUP else []
    )
    methods, broken = load_plugins("bulk")
    assert [m.spec.name for m in methods] == ["mean"]
    assert len(broken) == 2
    assert "no_such_module" in broken[0]
    assert "not a tmescope Method" in broken[1]
    assert load_plugins("cells")[0] == ()
