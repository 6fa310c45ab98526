"""The plain twin: every term tried at every word of a text that was folded character by character."""

import unicodedata

SOFT, HARD = " ", "."
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def folded(text):
    """Return words as (characters, first, last, text between it and the word before)."""
    pieces, between = [], ""
    for place, character in enumerate(text):
        low = character.lower()
        if low in LETTERS or character in "0123456789":
            kind = "letter" if low in LETTERS else "digit"
            inside = bool(pieces) and between == ""
            if inside and pieces[-1]["kind"] == kind:
                pieces[-1]["text"] += character
                pieces[-1]["last"] = place + 1
            else:
                gap = "" if inside or not pieces else (HARD if HARD in between else SOFT)
                pieces.append(
                    {"text": character, "first": place, "last": place + 1, "kind": kind, "glued": inside, "gap": gap}
                )
            between = ""
        else:
            between += SOFT if character in " -" or unicodedata.category(character) == "Pd" else HARD
    return pieces


def find_terms(texts, terms):
    """Return (text, term, first, last) of the leftmost longest terms; a term is its name and whether case counts."""
    spelt = [(folded(name), strict) for name, strict in terms]
    found = []
    for number, text in enumerate(texts):
        words, at = folded(text), 0
        while at < len(words):
            best = _best(words, at, spelt) if not words[at]["glued"] else None
            if best is None:
                at += 1
                continue
            term, n = best
            found.append((number, term, words[at]["first"], words[at + n - 1]["last"]))
            at += n
    return found


def _best(words, at, spelt):
    fits = []
    for term, (pieces, strict) in enumerate(spelt):
        part = words[at : at + len(pieces)]
        after = words[at + len(pieces) : at + len(pieces) + 1]
        if not pieces or len(part) < len(pieces) or (after and after[0]["glued"]):
            continue
        same = all(
            (w["text"] == p["text"] if strict else w["text"].lower() == p["text"].lower())
            and (i == 0 or (w["gap"] or SOFT) == (p["gap"] or SOFT))
            for i, (w, p) in enumerate(zip(part, pieces, strict=True))
        )
        if same:
            fits.append((-len(pieces), not strict, term))
    if not fits:
        return None
    n, _, term = min(fits)
    return term, -n
