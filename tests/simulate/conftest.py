"""Simulated studies that several tests look at."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.simulate.cohorts import SimulatedCohort, simulate_study
from tmescope.simulate.plan import demo_plan


@pytest.fixture(scope="session")
def demo() -> dict[str, SimulatedCohort]:
    return {c.cohort_id: c for c in simulate_study(demo_plan(), rng=np.random.default_rng(20))}
