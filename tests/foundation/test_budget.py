"""Sizes are read as they are meant, and a budget says how large parts may be, or how much would be enough."""

from __future__ import annotations

import pytest

from tmescope.foundation.budget import Budget, parse_memory
from tmescope.foundation.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1G", 1 << 30), ("1g", 1 << 30), ("512M", 512 << 20), ("800MiB", 800 << 20), ("800 MB", 800_000_000),
        ("1.5GiB", 3 << 29), ("4096", 4096), ("12B", 12), ("2T", 2 << 40), (" 64k ", 64 << 10),
    ],
)  # fmt: skip
def test_sizes_are_read(text, expected):
    assert parse_memory(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0.0G", "-1G", "1GG", "G", "1e9", "1,5G", "nan", "9999T", "1G 1G", "٣G" * 50]
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="no size of memory") as caught:
        parse_memory(text, where="study.toml: memory")
    assert caught.value.where == "study.toml: memory"


def test_parts_fill_the_memory_and_no_more():
    budget = Budget(memory=1_000_000, fixed=100_000, together=2, item=6, part=50_000)
    n = budget.items(least=10, most=1 << 30)
    assert n == 66_666
    assert budget.minimum(n) <= budget.memory < budget.minimum(n + 1)
    assert budget.items(least=10, most=500) == 500


def test_too_little_says_how_much_is_needed():
    budget = Budget(memory=50 << 20, fixed=60 << 20, together=2, item=6)
    with pytest.raises(InputError, match=r"50.0 MiB .* 71.4 MiB are needed, of which 60.0 MiB are for sums") as caught:
        budget.items(least=1_000_000, most=1 << 30, because="sums")
    assert caught.value.expected == "72M or more"
    assert "fewer threads" in caught.value.next_step
    Budget(memory=72 << 20, fixed=60 << 20, together=2, item=6).items(least=1_000_000, most=1 << 30)
