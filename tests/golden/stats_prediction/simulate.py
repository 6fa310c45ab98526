"""Write the simulated inputs: 120 patients, 8 columns that go together, a marker of risk, ties, and resamples."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def main() -> None:
    rng = np.random.default_rng(20261126)
    n, p = 120, 8
    x = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1))
    eta = x[:, 0] - 0.7 * x[:, 1] + 0.4 * x[:, 2]
    time = rng.exponential(np.exp(-0.7 * eta)) + 0.01
    left = rng.exponential(2.0, size=n)
    data = pd.DataFrame(x.round(6), columns=[f"x{i + 1}" for i in range(p)])
    data["y"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(int)
    data["time"] = (np.ceil(np.minimum(time, left) * 100) / 100).round(2)
    data["event"] = (time <= left).astype(int)
    data["stratum"] = rng.integers(0, 2, size=n)
    data["risk"] = (1 - np.exp(-0.8 * np.exp(0.6 * eta))).round(6)
    data.to_csv(HERE / "input.tsv", sep="\t", index=False)


if __name__ == "__main__":
    main()
