"""Days as people write them, and text that does no harm."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tmescope.cli.horizon_telling import as_csv, first_day, last_day, plain, refuse_both
from tmescope.foundation.errors import InputError


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2020-02-03", date(2020, 2, 3), date(2020, 2, 3)),
    ],
)
def test_a_year_and_a_month_have_a_first_and_a_last_day(text, first, last):
    assert (first_day(text, "--since"), last_day(text, "--freeze")) == (first, last)


@pytest.mark.parametrize("text", ["", "spring", "2019-13", "2019-4", "19"])
@pytest.mark.parametrize("read", [first_day, last_day])
def test_what_is_no_day_is_told_with_its_option(read, text):
    with pytest.raises(InputError, match="is no day") as caught:
        read(text, "--since")
    assert caught.value.where == "--since"


def test_text_and_tables_do_no_harm():
    assert plain("a\x1b[2Jb" + "c" * 99, 40).startswith("a")
    assert "\x1b" not in plain("a\x1b[2Jb", 40)
    assert len(plain("c" * 99, 60)) == 60
    assert as_csv(pd.DataFrame({"x": ["=cmd"]})).splitlines()[1].lstrip('"')[0] != "="


def test_one_form_of_output_at_a_time():
    refuse_both(True, False, "here")
    with pytest.raises(InputError, match="--csv and --json are given"):
        refuse_both(True, True, "here")
