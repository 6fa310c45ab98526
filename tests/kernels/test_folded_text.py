"""Characters are folded as the docstring says, and the marks stand at the ends of words."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.horizon.folding import load_folding
from tmescope.kernels.folded_text import BEGINS, CAPITAL, ENDS, fold_text

CODES = " .0123456789abcdefghijklmnopqrstuvwxyz"


def _fold(data: bytes) -> tuple[str, list[int]]:
    tables, size = load_folding(), 5 * len(data) + 8
    codes, marks = np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
    places, count = np.zeros((size, 2), dtype=np.int32), np.zeros(1, dtype=np.int64)
    text = np.frombuffer(data, dtype=np.uint8)
    fold_text(text, 0, len(data), tables.kinds, tables.ends, tables.letters, codes, marks, places, count)
    return "".join(CODES[c] for c in codes[: count[0]]), marks[: count[0]].tolist()


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
    assert _fold(text.encode())[0] == folded


def test_marks():
    folded, marks = _fold(b"aB c1")
    assert folded == "ab c 1"
    assert marks == [BEGINS, ENDS | CAPITAL, 0, BEGINS, 0, ENDS]


def test_broken_bytes_are_a_break_between_clauses():
    assert _fold(b"a\xff\xc3b\xe2\x82")[0] == "a.b"
