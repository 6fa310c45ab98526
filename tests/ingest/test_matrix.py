from __future__ import annotations

import pytest

from tmescope.foundation.errors import ExpressionError, FileFormatError
from tmescope.ingest.matrix import refuse_text_columns


def test_no_column_is_no_error() -> None:
    refuse_text_columns([], [], "m.parquet")


@pytest.mark.parametrize(("kind", "error"), [("string", ExpressionError), ("list<item: double>", FileFormatError)])
def test_columns_are_named_with_what_they_hold(kind: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="1 columns hold no numbers: 'note") as caught:
        refuse_text_columns(["note"], [kind], "m.parquet")
    assert kind in str(caught.value)
    assert "m.parquet" in str(caught.value)
