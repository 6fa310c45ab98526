"""What a study file says about what is measured."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema_profile import Profile


def test_the_primary_method_is_one_of_the_methods_unless_models_may_bring_it():
    assert Profile(methods=["zscore"], primary="zscore").primary == "zscore"
    with pytest.raises(ValidationError, match="primary = 'ssgsea' is not among methods: zscore"):
        Profile(methods=["zscore"], primary="ssgsea")
    assert Profile(methods=["zscore"], primary="ssgsea_frozen", models=["m.json"]).primary == "ssgsea_frozen"


def test_a_method_stands_once_and_parameters_are_tables_of_values():
    with pytest.raises(ValidationError, match="'zscore' stands here more than once"):
        Profile(methods=["zscore", "zscore"])
    with pytest.raises(ValidationError, match="a table of methods"):
        Profile(parameters={"ssgsea": {"alpha": [1, 2]}})
