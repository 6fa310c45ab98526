"""The plain twin: short forms by splitting text at parentheses and spaces."""


def _word(character):
    return character.isalnum()


def find_abbreviations(text):
    """Return (short from, short to, long from, long to) of an ASCII text."""
    found = []
    for at, character in enumerate(text):
        if character != "(":
            continue
        end = at + 1
        while end < len(text) and text[end] not in "() ,;":
            end += 1
        short = text[at + 1 : end]
        closed = end < len(text) and text[end] in "),;"
        if not closed or not 2 <= len(short) <= 10 or not _word(short[0]) or not any(c.isalpha() for c in short):
            continue
        first, last = _window(text, at, min(len(short) + 5, 2 * len(short)))
        start = _start(text, short, first, last)
        if start is not None and last - start > len(short):
            found.append((at + 1, end, start, last))
    return found


def _window(text, at, words):
    last = len(text[:at].rstrip(" "))
    first, seen = last, 0
    while first > 0:
        character = text[first - 1]
        if character in "();:\n" or (character == "." and text[first : first + 1] == " "):
            break
        if character == " " and first < last and text[first] != " ":
            seen += 1
            if seen == words:
                break
        first -= 1
    return first, last


def _start(text, short, first, last):
    at = last - 1
    wanted = [(i, c.lower()) for i, c in enumerate(short) if _word(c)]
    for i, c in reversed(wanted):
        while at >= first:
            begins = i > 0 or at == first or not _word(text[at - 1])
            if text[at].lower() == c and begins:
                break
            at -= 1
        if at < first:
            return None
        at -= 1
    return at + 1
