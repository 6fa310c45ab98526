"""What a watch may look for."""

from __future__ import annotations

import pytest

from tmescope.foundation.errors import InputError, StoreError
from tmescope.horizon.watches import Watch, read_watch


def test_words_and_phrases() -> None:
    assert Watch("a", query="""tigit "bispecific antibod*" can't #1 a\\b""").words == (
        "tigit", "bispecific antibod*", "can't", "#1", "a\\b",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"name": "../x", "entities": ("HGNC:1",)}, "name of a watch"),
        ({"name": "X", "entities": ("HGNC:1",)}, "name of a watch"),
        ({"name": "x"}, "nothing is watched"),
        ({"name": "x", "query": "  "}, "nothing is watched"),
        ({"name": "x", "entities": ("TIGIT",)}, "no identifiers"),
        ({"name": "x", "entities": ("HGNC:1", "HGNC:1")}, "2 entities"),
        ({"name": "x", "query": '"open'}, "not closed"),
        ({"name": "x", "query": "a*b"}, "no words"),
        ({"name": "x", "query": "--"}, "no words"),
        ({"name": "x", "query": "a " * 300}, "600 characters"),
        ({"name": "x", "entities": ("HGNC:1",), "papers": "some"}, "papers"),
    ],
)
def test_what_is_no_watch_is_refused(given: dict[str, object], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        words = Watch(**given).words  # type: ignore[arg-type]
        assert words == ()


def test_it_is_read_as_it_was_written() -> None:
    watch = Watch("x", ("HGNC:1", "modality:car-t"), query='"a b"', together=True, papers="all")
    assert read_watch(watch.as_record(), where="x.json") == watch
    with pytest.raises(StoreError, match="keys or types"):
        read_watch({**watch.as_record(), "more": 1}, where="x.json")
