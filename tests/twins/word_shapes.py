"""The plain twin: expressions for words and codes."""

import re

CODE = re.compile(r"[A-Z]{2,5}[- ]?[A-Z]?[0-9]{3,6}[A-Za-z]{0,2}(?![A-Za-z0-9])")
WORD = re.compile(r"[A-Za-z]+")
NUMBER = re.compile(r"[0-9]+[A-Za-z]*")


def find_shapes(text, stems):
    """Return (stem or -1, first, last) of an ASCII text; a stem is its letters and the fewest of a word."""
    found, at = [], 0
    while at < len(text):
        number = NUMBER.match(text, at)
        word = WORD.match(text, at)
        if word is None:
            at = number.end() if number else at + 1
            continue
        code = _code(text, at)
        fits = [
            (-len(stem), i)
            for i, (stem, needs) in enumerate(stems)
            if word[0].lower().endswith(stem) and len(word[0]) >= needs
        ]
        if code:
            found.append((-1, at, code))
            at = max(code, word.end())
            continue
        if fits:
            found.append((min(fits)[1], at, word.end()))
        at = word.end()
    return found


def _code(text, at):
    """Return where a code ends; its first capitals are all that stand there, as they are read greedily."""
    capitals = re.compile(r"[A-Z]*").match(text, at)[0]
    rest = re.compile(r"[- ]?[A-Z]?([0-9]+)([A-Za-z]*)").match(text, at + len(capitals))
    if not 2 <= len(capitals) <= 5 or rest is None:
        return 0
    digits, behind = rest[1], rest[2]
    more = text[rest.end() : rest.end() + 1].isdigit()
    return 0 if not 3 <= len(digits) <= 6 or len(behind) > 2 or more else rest.end()
