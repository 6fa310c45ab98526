from __future__ import annotations

import numpy as np
import pandas as pd

from tmescope.report.power_curves import draw_power_curve
from tmescope.report.static import draw_svg


def _curve(simulated: float) -> pd.DataFrame:
    seen = [np.nan, simulated, np.nan]
    return pd.DataFrame({"n": [20, 50, 90], "power": [0.3, 0.62, 0.9], "simulated_power": seen,
                         "simulated_low": seen, "simulated_high": seen})  # fmt: skip


def test_the_curve_says_its_power_and_shows_trials_only_where_there_are_some():
    plain = draw_power_curve(_curve(np.nan), wanted=0.8, n=50, title="t")
    both = draw_power_curve(_curve(0.6), wanted=0.8, n=50, title="t")
    assert plain.alt == "Power against patients: 62% at 50 patients; 80% is wanted."
    assert "simulated" not in plain.caption
    assert "simulated" in both.caption
    assert len(both.chart.layer) == len(plain.chart.layer) + 2
    assert draw_svg(both) != draw_svg(plain)
