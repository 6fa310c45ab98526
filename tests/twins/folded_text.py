"""The plain twin: a text read character by character."""

DROPPED, APOSTROPHE, NAMED, CAPITAL = 5, 6, 4, 3
BEGINS, ENDS = 1, 2


def fold_text(text, kind_of, spelling_of):
    """Return (codes, words); a word is (codes from and to, bytes from and to, marks, capitals as bits)."""
    words, gap, skip, byte = [], 2, False, 0
    for place, character in enumerate(text):
        first, byte = byte, byte + len(character.encode())
        kind = kind_of(character)
        if skip or kind == DROPPED:
            skip = False
        elif kind == APOSTROPHE:
            inside = bool(words) and not gap
            skip = inside and _is_own(text[place + 1 : place + 3])
            gap = max(gap, 1 if skip else 2)
        elif kind <= 1:
            gap = max(gap, 2 - kind)
        else:
            for i, code in enumerate(spelling_of(character)):
                sort = "name" if kind == NAMED else ("letter" if code >= 12 else "digit")
                if gap or not words or words[-1]["sort"] != sort or (kind == NAMED and i == 0):
                    words.append({"sort": sort, "gap": gap, "first": first, "codes": [], "capitals": 0})
                word, gap = words[-1], 0
                word["capitals"] |= (kind == CAPITAL and len(word["codes"]) < 62) << len(word["codes"])
                word["codes"].append(code)
                word["last"] = byte
    return _written(words)


def _is_own(following):
    return following[:1].lower() == "s" and not (following[1:].isalnum() or following[1:] >= "\x80")


def _written(words):
    codes, rows = [], []
    for i, word in enumerate(words):
        if i:
            codes.append(1 if word["gap"] == 2 else 0)
        after = words[i + 1]["gap"] if i + 1 < len(words) else 2
        marks = (BEGINS if word["gap"] else 0) | (ENDS if after else 0)
        begin = len(codes)
        codes += word["codes"]
        rows.append((begin, len(codes), word["first"], word["last"], marks, word["capitals"]))
    return codes, rows
