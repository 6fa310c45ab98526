"""The plain twin of the reader of plain rows: line by line, with the numbers read by Python."""

from __future__ import annotations

import re

NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
NAME = re.compile(rb'"([^"\r]*)"|([^"\r]*)')
EXACT = 2**53


def number_rows(text, delimiter, words, values, names, done):
    known = {bytes(w).rstrip(b"\0") for w in words}
    done[:] = 0
    for line in bytes(text).split(b"\n")[:-1]:
        start, end = int(done[1]), int(done[1]) + len(line) + 1
        if done[0] == len(values):
            return
        if line in (b"", b"\r"):
            done[1] = end
            continue
        name, cells = split(line, bytes([delimiter]))
        numbers = [read(c, known) for c in cells]
        if name is None or len(cells) != values.shape[1] or None in numbers:
            return
        values[done[0]] = numbers
        names[done[0]] = start + name[0], start + name[1]
        done[0] += 1
        done[1] = end


def split(line, delimiter):
    quoted = line.startswith(b'"')
    close = line.find(b'"', 1) if quoted else line.find(delimiter)
    if close < 0 or line[close + quoted : close + quoted + 1] != delimiter:
        return None, []
    name = (1, close) if quoted else (0, close)
    if not NAME.fullmatch(line[: close + quoted]):
        return None, []
    rest = line[close + quoted + 1 :]
    return name, (rest[:-1] if rest.endswith(b"\r") else rest).split(delimiter)


def read(cell, known):
    if cell in known:
        return float("nan")
    match = NUMBER.fullmatch(cell)
    if not match:
        return None
    whole, _, part = match[1].partition(b".")
    scale = int((match[2] or b"e0")[1:]) - len(part)
    plain = len(whole + part) <= 18 and int(whole + part) <= EXACT and -23 < scale < 23
    return float(cell) if plain else None
