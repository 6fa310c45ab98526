from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tmescope.simulate.literature import simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan
from tmescope.simulate.literature_records import write_records
from tmescope.store.lake_schemas import document_schema, mention_schema, trial_schema


@pytest.fixture(scope="module")
def written():
    plan = LiteraturePlan(
        n_entities=60,
        documents=60,
        n_groups=9,
        effects=LiteratureEffects(n_emerging=5, n_fading=5, n_pairs=2, followed=0.9),
    )
    literature = simulate_literature(plan, rng=np.random.default_rng(2))
    (quarter,) = literature.quarters(15, 16)
    return literature, quarter, write_records(literature, quarter)


def test_records_fit_the_tables_of_a_lake(written) -> None:
    _, quarter, records = written
    documents = pa.Table.from_pylist(records.documents, schema=document_schema())
    assert documents["doc_id"].to_pylist() == quarter.documents["doc_id"].tolist()
    trials = pa.Table.from_pylist(records.trials, schema=trial_schema())
    assert trials.num_rows == (quarter.documents["kind"] == "trial").sum() > 0
    assert pa.Table.from_pylist(records.mentions, schema=mention_schema()).num_rows == len(quarter.mentions)
    for table, schema in ((records.documents, document_schema()), (records.trials, trial_schema())):
        assert set(table[0]) <= set(schema.names)


def test_every_mention_stands_where_it_says(written) -> None:
    _, _, records = written
    texts = {d["doc_id"]: d for d in records.documents}
    for m in records.mentions:
        if m["part"] != "intervention":
            assert texts[m["doc_id"]][m["part"]][m["start"] : m["stop"]] == m["text"]


def test_nothing_is_drawn(written) -> None:
    literature, quarter, records = written
    assert write_records(literature, quarter) == records
