"""What somebody types is data: every question becomes an expression that SQLite takes, or an error that says why."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import InputError
from tmescope.store.search_query import FIELDS, match_expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("TIGIT", '("TIGIT")'),
        ("PD-1 lung", '("PD-1") AND ("lung")'),
        ('"tumour microenvironment"', '("tumour microenvironment")'),
        ("pembro*", '("pembro" *)'),
        ('"chimeric antigen rec"*', '("chimeric antigen rec" *)'),
        ("CAR-T -leukaemia -mouse", '(("CAR-T")) NOT ("leukaemia" OR "mouse")'),
        ("glioma OR glioblastoma TIGIT", '("glioma" OR "glioblastoma") AND ("TIGIT")'),
        ("title:TIGIT", '(title : "TIGIT")'),
        ('title:"natural killer"', '(title : "natural killer")'),
        ("http:TIGIT", '("http:TIGIT")'),
        ("facets:kindtrial", '("facets:kindtrial")'),
        ("OR TIGIT OR", '("TIGIT")'),
        ("AND NOT NEAR(a b)", '("AND") AND ("NOT") AND ("NEAR(a") AND ("b)")'),
        ('a"b', '("a b")'),
        ('"never closed', '("never closed")'),
        ("*** TIGIT ;;", '("TIGIT")'),
        ("the role of TIGIT in melanoma", '("role") AND ("TIGIT") AND ("melanoma")'),
        ("of the", '("of") AND ("the")'),
        ('"state of the art"', '("state of the art")'),
        ("IN vitro -the", '(("IN") AND ("vitro")) NOT ("the")'),
    ],
)
def test_questions(text, expression):
    assert match_expression(text) == expression


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no word"),
        ("*** -- ;", "no word"),
        ("-mouse", "only words that shall not occur"),
        ("ab*", "'ab\\*' is short"),
        ("x" * 2001, "2,001 characters"),
        ("a " * 65, "65 words"),
    ],
)
def test_refused(text, message):
    with pytest.raises(InputError, match=message):
        match_expression(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab1\"*-:()^+{}'\\;,. \0\nORANDNEARtitle\u202eé")), max_size=30))
def test_nothing_that_is_typed_is_syntax(text):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5 ({', '.join(FIELDS)})")
        try:
            expression = match_expression(text)
        except InputError:
            return
        connection.execute("SELECT rowid FROM texts WHERE texts MATCH ?", [expression]).fetchall()
