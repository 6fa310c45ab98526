"""Small cohorts written to a folder, one fault at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.genes import load_genes
from tmescope.ingest.clinical import SampleTable

GENES = [g.gene_symbol for g in list(load_genes())[:60]]


@dataclass
class Files:
    """A matrix and a sample table as frames; `write` puts them into a folder."""

    folder: Path
    expression: pd.DataFrame
    samples: pd.DataFrame

    def write(self) -> tuple[Path, Path]:
        """Write both as TSV, return their paths."""
        paths = self.folder / "expression.tsv", self.folder / "samples.tsv"
        self.expression.to_csv(paths[0], sep="\t", index_label="gene")
        self.samples.to_csv(paths[1], sep="\t", index=False)
        return paths


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Eight patients, 60 genes in log2(tpm+1) with some zeros, response, survival and two features."""
    rng = np.random.default_rng(7)
    ids = [f"P{i:02d}" for i in range(1, 9)]
    tpm = rng.gamma(0.6, 90.0, size=(len(GENES), len(ids)))
    tpm[rng.random(tpm.shape) < 0.1] = 0.0
    samples = pd.DataFrame(
        {
            "sample_id": ids,
            "patient_id": [f"patient {i}" for i in range(1, 9)],
            "timepoint": ["pre"] * 8,
            "sex": ["F", "M"] * 4,
            "age_years": [str(50 + i) for i in range(8)],
            "recist": ["CR", "PR", "SD", "PD", "PD", "SD", "PR", ""],
            "os_days": ["100", "200", "300", "400", "50", "60", "", "90"],
            "os_event": ["0", "0", "1", "1", "1", "1", "0", "1"],
            "tmb": ["1.5", "20", "3", "NA", "7", "8", "9", "10"],
            "pdl1": ["low", "high", "low", "low", "", "high", "high", "low"],
        },
        dtype=object,
    )
    return Files(tmp_path, pd.DataFrame(np.log2(tpm + 1), index=GENES, columns=ids), samples)


@pytest.fixture
def table() -> Callable[..., SampleTable]:
    """Build a sample table from columns, as if it stood in ``samples.tsv`` from line 2 on."""

    def build(columns: Mapping[str, list[str]], duplicated: tuple[str, ...] = ()) -> SampleTable:
        frame = pd.DataFrame(dict(columns), dtype="string")
        return SampleTable(frame, "samples.tsv", tuple(range(2, len(frame) + 2)), duplicated)

    return build


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write text or bytes to a named file."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put
