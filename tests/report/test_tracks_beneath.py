"""Outcome stands beneath the composition of each sample."""

from __future__ import annotations

import json

import pandas as pd
from tests.report.contents_maker import TINY, make_contents

from tmescope.report.composition import draw_composition
from tmescope.report.figure import spec_of
from tmescope.report.sample_blocks import plan_samples
from tmescope.report.tracks_beneath import MOST_TRACKS, tracks_beneath


def test_each_track_has_a_cell_under_each_sample():
    plan = plan_samples(make_contents(TINY))
    found = tracks_beneath(plan.tracks[:2], plan.layout, top=300.0)
    assert len(found.cells) == 2 * len(plan.layout.samples)
    assert found.cells["y"].min() > 300
    assert list(found.names["text"]) == [t.title for t in plan.tracks[:2]]
    assert not len(tracks_beneath([], plan.layout, top=0.0).cells)


def test_stacked_shares_have_the_response_beneath():
    contents = make_contents(TINY)
    samples = contents.table("samples")
    rows = [
        samples[["cohort_id", "sample_id"]].assign(
            method="cells:cell_type", feature=name, value=share, coverage=1.0, unit="fraction of cells"
        )
        for name, share in (("T cell", 0.4), ("B cell", 0.6))
    ]
    contents.tables["fractions"] = pd.concat(rows, ignore_index=True)
    figure = next(f for f in draw_composition(contents) if "cells:cell_type" in f.title)
    assert figure.datasets["tracks"]["track"].iloc[0] == "Response"
    assert figure.datasets["tracks"]["track"].nunique() <= MOST_TRACKS
    assert figure.datasets["tracks"]["y"].min() > figure.datasets["bars"]["y"].max()
    json.dumps(spec_of(figure))
