"""What the tables of a lake hold."""

import pyarrow as pa
import pytest

from tmescope.store.lake_schemas import LakeBatch, deletion_schema, document_schema, mention_schema, trial_schema


def test_documents_and_trials_share_their_identifier_and_nothing_else():
    assert set(document_schema().names) & set(trial_schema().names) == {"doc_id"}


@pytest.mark.parametrize("schema", [document_schema, trial_schema, deletion_schema, mention_schema])
def test_a_row_without_identifier_is_none(schema):
    empty = {name: [None] for name in schema().names}
    with pytest.raises(ValueError, match="doc_id"):
        pa.table({name: pa.nulls(1, field.type) for name, field in zip(empty, schema(), strict=True)}).cast(schema())


def test_a_batch_of_papers_has_no_trials_and_no_deletions():
    batch = LakeBatch(documents=document_schema().empty_table())
    assert batch.trials.schema == trial_schema()
    assert batch.deletions.schema == deletion_schema()
    assert batch.trials.num_rows == batch.deletions.num_rows == 0
