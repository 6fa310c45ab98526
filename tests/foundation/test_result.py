from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from tmescope.foundation.provenance import Provenance
from tmescope.foundation.result import Result, RunWarning


def test_results_and_warnings_are_frozen():
    result = Result(pd.DataFrame(), Provenance("m"), (RunWarning("a.b", "text"),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.warnings = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.warnings[0].code = "x"
    assert result.extra == {}
