"""Golden numbers of the statistics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], pd.DataFrame]:
    """Read ``stats_roc/expected.tsv`` and the like."""
    return lambda name: pd.read_csv(GOLDEN / name, sep="\t")
