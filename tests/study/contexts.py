"""A run of the tiny study opened by hand, to look at single steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.study import tiny

from tmescope.study.answering import answer_step
from tmescope.study.context import Context
from tmescope.study.deconvolving import deconvolve_step
from tmescope.study.ingesting import cohort_step
from tmescope.study.ledger import open_ledger
from tmescope.study.loading import parse_study
from tmescope.study.needs import gather_needs
from tmescope.study.overlapping import overlap_step
from tmescope.study.profiling import profile_step, universe_step
from tmescope.study.questioning import pool_step, pools
from tmescope.study.tabulating import table_step

ORDER = ("cohort", "overlaps", "universe", "profile", "fractions", "answers", "pooled", "tables")


@contextmanager
def opened(folder: Path, data: dict[str, Any] | None = None) -> Iterator[Context]:
    """Yield the context of a study whose files lie in the folder; results go to ``out`` in it."""
    if not (folder / "a.tsv").exists():
        tiny.write_files(folder)
    study = parse_study(data or tiny.study_dict(), folder=folder)
    with open_ledger(folder / "out") as ledger:
        yield Context(study, ledger, gather_needs(study), "0.0")


def do(context: Context, until: str = "tables") -> None:
    """Do the steps of a run up to those of one kind."""
    makers = {
        "cohort": lambda: [cohort_step(context, c) for c in context.study.cohorts],
        "overlaps": lambda: [overlap_step(context)],
        "universe": lambda: [universe_step(context)],
        "profile": lambda: [profile_step(context, c) for c in context.study.cohorts],
        "fractions": lambda: [
            deconvolve_step(context, c) for c in context.study.cohorts if context.needs.deconvolution
        ],
        "answers": lambda: [answer_step(context, c) for c in context.study.cohorts],
        "pooled": lambda: [pool_step(context)] if pools(context) else [],
        "tables": lambda: [table_step(context)],
    }
    for kind in ORDER[: ORDER.index(until) + 1]:
        for step in makers[kind]():
            context.do(step)
