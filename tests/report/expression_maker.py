"""Comparisons of expression for tests of figures and tables: two cohorts, many genes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from tests.report.contents_maker import make_contents

from tmescope.associate.expression import ExpressionPlan, associate_expression
from tmescope.associate.families import adjust_families
from tmescope.foundation.scale import Scale
from tmescope.report.contents import ReportContents


def with_expression(*, genes: int = 2000, combat: bool = False) -> ReportContents:
    """Return contents with the three tables of a question in two cohorts."""
    rng = np.random.default_rng(0)
    parts: dict[str, list[pd.DataFrame]] = {"expression": [], "expression_fits": [], "expression_sets": []}
    names = [f"GENE{i}" for i in range(genes)]
    for cohort in ("alpha", "beta"):
        ids = [f"{cohort}{i}" for i in range(24)]
        group = pd.Series(np.repeat([0.0, 1.0], 12), index=ids)
        values = rng.normal(6, 1, (24, genes)) + rng.normal(0, 2, genes)
        values[:, :30] += 2.5 * group.to_numpy()[:, None]
        table = pd.DataFrame(values, index=ids, columns=names)
        batch = pd.Series(["x", "y"] * 12, index=ids)
        plan = ExpressionPlan(gene_sets={"cyt": names[:12], "<b>own": names[40:60]}, batch=batch if combat else None)
        if combat:
            table.loc[batch == "x", "GENE7"] = 3.0
        found = associate_expression(
            table, group, scale=Scale.parse("log2_array"), cohort_id=cohort, endpoint="response", plan=plan
        )
        same = {"question_id": "who", "contrast": "responder vs non_responder"}
        parts["expression"].append(adjust_families(found.answers.assign(**same)))
        parts["expression_fits"].append(found.fit.assign(**same))
        parts["expression_sets"].append(found.sets.assign(**same, q_value=0.01, family="f", family_size=2))
    contents = make_contents()
    tables = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    return replace(contents, tables={**contents.tables, **tables})
