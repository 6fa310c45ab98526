from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tmescope.report.contents import ReportContents
from tmescope.report.figure import Figure
from tmescope.report.incidence_curves import draw_incidence
from tmescope.report.static import write_figures
from tmescope.report.survival_curves import MOST_FEATURES

COHORTS = ("melanoma_pd1_a", "bladder_pdl1")


def curves(feature: str, groups: tuple[str, ...], top: float = 0.4) -> pd.DataFrame:
    parts = []
    for cohort in COHORTS:
        for group in groups:
            for cause in ("event", "death"):
                time = np.array([3.0, 9.0, 18.0, 30.0])
                value = top * np.array([0.0, 0.3, 0.6, 1.0])
                shared = {"question_id": "relapses", "cohort_id": cohort, "endpoint": "relapse", "feature": feature}
                parts.append(
                    pd.DataFrame(
                        {
                            "time_months": time,
                            "at_risk": [40, 30, 20, 10],
                            "n_events": [0, 4, 3, 2],
                            "n_other": [1, 2, 1, 0],
                            "incidence": value,
                            "ci_low": np.where(value > 0, value * 0.7, np.nan),
                            "ci_high": np.where(value > 0, value * 1.2, np.nan),
                        }
                    ).assign(**shared, source="table", group=group, cause=cause)
                )
    return pd.concat(parts, ignore_index=True)


def answers(feature: str, p: float) -> pd.DataFrame:
    rows = []
    for cohort in COHORTS:
        head = {"question_id": "relapses", "cohort_id": cohort, "feature": feature, "source": "table",
                "endpoint": "relapse", "adjusted_for": "", "n": 80, "n_events": 9, "q_value": 2 * p}  # fmt: skip
        rows.append({**head, "effect_name": "gray_chi_square", "effect": 4.0, "p_value": p})
        ratio = {"effect": 1.5, "ci_low": 1.1, "ci_high": 2.04, "p_value": 0.01}
        rows.append({**head, "effect_name": "subdistribution_hazard_ratio_per_sd", **ratio})
    return pd.DataFrame(rows)


def draw(contents: ReportContents, *parts: tuple[pd.DataFrame, pd.DataFrame], **more: object) -> list[Figure]:
    tables = {
        **contents.tables,
        "incidence": pd.concat([c for c, _ in parts], ignore_index=True),
        "answers": pd.concat([contents.tables["answers"], *(a for _, a in parts)], ignore_index=True),
    }
    return draw_incidence(replace(contents, tables=tables, **more))  # type: ignore[arg-type]


def test_each_cohort_has_a_panel_for_each_cause(contents: ReportContents) -> None:
    both = (curves("tmb", ("low", "middle", "high")), answers("tmb", 0.004))
    (figure,) = draw(contents, both, question_notes={"relapses": "from a landmark at 6 months"})
    assert figure.title == "relapses (from a landmark at 6 months): relapse by tertile of tmb"
    notes = figure.datasets["curves"].query("kind == 'note'")
    assert notes["head"].tolist() == [
        f"{cohort} · {cause} · n = 120, 27 events" for cohort in COHORTS for cause in ("relapse", "death (competing)")
    ]
    assert notes["text"].str.replace("\u00a0", " ").tolist() == [
        "SHR 1.50 [1.10, 2.04]; Gray p = 0.0040, q = 0.0080", "",
        "SHR 1.50 [1.10, 2.04]; Gray p = 0.0040, q = 0.0080", "",
    ]  # fmt: skip
    assert notes["text"].iloc[0] in figure.alt
    steps = figure.datasets["curves"].query("kind == 'step'")
    first = steps.groupby(["head", "group"])[["time", "incidence", "low", "high"]].first()
    assert (first == 0.0).all(axis=None)
    assert steps[["low", "high"]].notna().all(axis=None)
    assert figure.numbers is not None
    assert figure.numbers["0 months"].tolist() == ["40"] * 12


@pytest.mark.parametrize(("top", "expected"), [(0.07, 0.1), (0.4, 0.5), (0.95, 1.0)])
def test_rare_events_are_not_squeezed(contents: ReportContents, top: float, expected: float) -> None:
    (figure,) = draw(contents, (curves("braf=V600E", ("with", "without"), top), answers("braf=V600E", 0.5)))
    assert figure.title.endswith("relapse with and without braf=V600E")
    spec = figure.chart.to_dict()
    domains = {tuple(layer["encoding"]["y"]["scale"]["domain"]) for layer in spec["spec"]["layer"][:2]}
    assert domains == {(0, expected)}


def test_the_smallest_p_come_first_and_the_choice_is_said(contents: ReportContents) -> None:
    parts = [(curves(f"f{i}", ("with", "without")), answers(f"f{i}", 0.9 - i / 10)) for i in range(MOST_FEATURES + 1)]
    figures = draw(contents, *parts)
    assert [f.id for f in figures] == [f"incidence-relapses-f{i}" for i in range(MOST_FEATURES, 0, -1)]
    assert all("chosen, not typical" in f.caption for f in figures)
    assert draw_incidence(contents) == []


def test_it_can_be_drawn(contents: ReportContents, tmp_path) -> None:
    figures = draw(contents, (curves("tmb", ("low", "middle", "high")), answers("tmb", 0.004)))
    write_figures(figures, tmp_path, formats=("svg",))
    assert "death (competing)" in (tmp_path / "incidence-relapses-tmb.svg").read_text(encoding="utf-8")


def test_the_method_is_named_where_two_have_a_feature_of_one_name(contents: ReportContents) -> None:
    tertiles = ("low", "middle", "high")
    parts = [(curves("CYT", tertiles).assign(source=m), answers("CYT", 0.1).assign(source=m)) for m in ("zscore", "b")]
    figures = draw(contents, *parts, (curves("tmb", tertiles), answers("tmb", 0.2)))
    assert [f.title.rsplit(" by tertile of ")[1] for f in figures] == ["CYT (zscore)", "CYT (b)", "tmb"]
    assert all("CYT (b)" in text for text in (figures[1].caption, figures[1].alt))
    assert [f.id for f in figures] == ["incidence-relapses-cyt--zscore", "incidence-relapses-cyt--b",
                                       "incidence-relapses-tmb"]  # fmt: skip
