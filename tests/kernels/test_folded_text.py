"""Characters are folded as the plain twin does and the docstring says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.twins import folded_text as plain

from tmescope.horizon.folding import load_folding
from tmescope.kernels.folded_text import BEGINS, ENDS, HASH, MARKS, fold_text

CODES = " .0123456789abcdefghijklmnopqrstuvwxyz"
TABLES = load_folding()


def _fold(data: bytes, first: int = 0) -> tuple[list[int], list[list[int]], list[int]]:
    codes, words = np.zeros(5 * len(data) + 8, dtype=np.uint8), np.zeros((len(data) + 8, 6), dtype=np.int32)
    capitals, count = np.zeros(len(data) + 8, dtype=np.int64), np.zeros(2, dtype=np.int64)
    text = np.frombuffer(data, dtype=np.uint8)
    given_tables = (TABLES.classes, TABLES.kinds, TABLES.ends, TABLES.letters)
    fold_text(text, first, len(data), *given_tables, codes, words, capitals, count)
    n = int(count[1])
    return codes[: count[0]].tolist(), words[:n].tolist(), capitals[:n].tolist()


def _spelt(data: bytes) -> str:
    return "".join(CODES[code] for code in _fold(data)[0])


def _kind(character: str) -> int:
    return int(TABLES.kinds[ord(character)]) if ord(character) < len(TABLES.kinds) else 0


def _spelling(character: str) -> list[int]:
    return TABLES.letters[TABLES.ends[ord(character)] : TABLES.ends[ord(character) + 1]].tolist()


@given(st.text(st.one_of(st.sampled_from("aAbZs109 -.,'’\n"), st.sampled_from("βΔéÖ²™\u0301½漢ſǅ")), max_size=90))
@settings(max_examples=400, deadline=None)
def test_words_are_those_of_the_twin(text):
    codes, words, capitals = _fold(b"x" + text.encode(), 1)
    rows = [(a, b, p, q, marks, bits) for (a, b, _, p, q, marks), bits in zip(words, capitals, strict=True)]
    assert (codes, rows) == plain.fold_text(text, _kind, _spelling)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("PD-L1", "pd l 1"),
        ("IL‑2Rα", "il 2 r alpha"),
        ("Alzheimer's x", "alzheimer x"),
        ("5'-UTR", "5.utr"),
        ("Sjögren™ (a), b", "sjogren.a.b"),
        ("CD8⁺ µM", "cd 8.m"),
        ("  ", ""),
    ],
)
def test_texts(text, folded):
    assert _spelt(text.encode()) == folded


def test_marks():
    codes, words, capitals = _fold(b"aB c1")
    assert "".join(CODES[code] for code in codes) == "ab c 1"
    assert [word[MARKS] for word in words] == [BEGINS | ENDS, BEGINS, ENDS]
    assert capitals == [2, 0, 0]


def test_words_that_are_folded_alike_have_one_hash():
    _, words, _ = _fold("Sjögren sjogren sjogrem SJO\u0308GREN".encode())
    first, second, third, fourth = (word[HASH] for word in words)
    assert first == second == fourth
    assert first != third


def test_capitals_beyond_the_62nd_are_not_asked():
    assert _fold(b"A" * 70)[2] == [(1 << 62) - 1]
    assert _fold(b"a" * 61 + "éÉA".encode())[2] == [0]


def test_broken_bytes_are_a_break_between_clauses():
    assert _spelt(b"a\xff\xc3b\xe2\x82") == "a.b"


def test_no_character_holds_more_words_than_bytes():
    for point, kind in enumerate(TABLES.kinds):
        sorts = [code >= 12 for code in TABLES.letters[TABLES.ends[point] : TABLES.ends[point + 1]]]
        n_words = min(len(sorts), 1 if kind == plain.NAMED else 1 + sum(np.diff(sorts)))
        assert n_words <= len(chr(point).encode(errors="surrogatepass"))
        assert len(sorts) + 1 <= 5 * len(chr(point).encode(errors="surrogatepass"))
