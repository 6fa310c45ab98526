"""The methods text of the tiny study, with what a test changes in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.report.methods_text import MethodsText
from tmescope.store.tables import read_table
from tmescope.study.crate import input_hashes, provenance_of
from tmescope.study.describing import describe_run


def write(
    folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None
) -> tuple[MethodsText, dict[str, str], Any]:
    """Return the text, its sections by heading with numbered citations, and the table remark."""
    data = tiny.study_dict()
    change(data)
    with opened(folder, data) as context:
        do(context)
        text = describe_run(context, provenance_of(context, input_hashes(context)))
        remark = read_table(context.ledger.root / "tables" / "remark.parquet").set_index("item")
    return text, {s.heading: "\n".join(s.paragraphs) for s in text.numbered()}, remark
