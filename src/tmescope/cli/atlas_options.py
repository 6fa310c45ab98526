"""Options that commands about atlases share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AtlasPath", "ClusterAddress", "Memory", "Threads", "Workers"]

AtlasPath = Annotated[Path, typer.Argument(help="Folder that tmescope atlas ingest made.", show_default=False)]
Memory = Annotated[str, typer.Option("--memory", help="Budget beyond the program itself, such as 500M or 4G.")]
Threads = Annotated[int, typer.Option("--threads", min=1, max=64, help="How many; the answer does not depend on it.")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=256,
        show_default=False,
        help="Processes of this machine instead of threads (needs the extra cluster).",
    ),
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        show_default=False,
        help="Address of a Dask scheduler that runs already and that you trust, such as tcp://10.0.0.5:8786.",
    ),
]
