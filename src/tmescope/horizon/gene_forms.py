"""How genes are written in running text: symbols, former symbols, aliases, names, and their usual variants."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tmescope.facts.gene_words import GeneWords, load_gene_words
from tmescope.facts.hgnc import HgncRecord
from tmescope.horizon.forms import SHIELD, SURE, UNSURE, Form

__all__ = ["SPELT", "SYMBOL", "gene_forms", "names_of"]

ASSIGNED, SYMBOL, NAME, FORMER, ALIAS, SPELT, FIRST_MEMBER = -1, 0, 1, 2, 3, 4, 5

_GREEK = {"A": "alpha", "B": "beta", "G": "gamma", "D": "delta", "E": "epsilon"}
_ENDS_IN_LETTER = re.compile(r"([A-Z][A-Z0-9]+)([ABGDE])(\d*)")
_SEGMENT = re.compile(
    r"(IG[KHL]|TR[ABGD])[VDJC].*|OR\d.*|LINC.*|SNOR.*|SCARNA.*|RNU.*|RN\dS.*|TR[A-Z]-.*|MIR\d+HG|.*(HG|-AS\d|-IT\d|-DT)"
)
"""Segments of receptors, smell receptors and non-coding RNA: their many aliases are those of other things."""

_FUNCTION_WORDS = frozenset(
    {
        "a",
        "all",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "he",
        "if",
        "in",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
    }
    | {"or", "she", "the", "to", "us", "was", "we"}
)
_ONE_WORD = re.compile(r"[A-Z]?[a-z]{5,}")
_CAPITALS = re.compile(r"[A-Z]{3,}")
_PROTEIN = re.compile(r"[a-z]{4,}in")
_TAILS = (
    *("activator", "inhibitor", "receptor", "antagonist", "agonist", "analog", "analogue", "substrate", "conjugate"),
    *("like", "related", "binding", "releasing", "resistance", "sensitivity", "insensitivity", "therapy", "treatment"),
)
"""What a protein's name begins and does not mean: *plasminogen activator*, *insulin-like*, *insulin resistance*."""
_NUMBERED = re.compile(r"(?:CD|IL)-?\d+[A-Z]?")
"""Antigens of leukocytes and interleukins: their numbers are given by committees, so that short ones stand for
themselves, too."""
_SHORTEST_NAME = 5
_SURE_SYMBOL, _SURE_ALIAS = 4, 5


def gene_forms(records: Iterable[HgncRecord], words: GeneWords | None = None) -> Iterator[Form]:
    """Yield the forms of genes.

    Parameters
    ----------
    records : iterable of HgncRecord
        Withdrawn entries are left out.
    words : GeneWords, optional
        What is known of names beyond HGNC; the bundled file if omitted.

    Yields
    ------
    Form
        Of type ``gene``, and shields. Ranks: assigned by people, symbol, name, former symbol, alias, spelt variant,
        first of a family of one.

    Notes
    -----
    What makes a form sure was tuned on the training part of BioRED, kind by kind: symbols of four letters and digits or
    more, other names of five or more, numbers of antigens and interleukins, names in full. A symbol written with one
    capital (*Impact*) never is. See docs/methods/horizon-entities.md.
    """
    known = words or load_gene_words()
    standing = [record for record in records if record.is_approved]
    names = frozenset(name.lower() for record in standing for name in record.names)
    tails = frozenset(r.symbol.split("-", 1)[1] for r in standing if r.symbol.startswith(("HLA-", "MT-")))
    for record in standing:
        make = partial(Form, entity_id=record.hgnc_id, entity_type="gene")
        for form in (*_symbol_forms(record, tails, make), *_name_forms(record, names, make)):
            if form.rank != SPELT or form.text.upper() not in known.words:
                yield _checked(form, known)
    ids = {record.hgnc_id for record in standing}
    for name, hgnc_id in (*known.assigned.items(), *known.known.items()):
        if hgnc_id in ids:
            short = " " not in name and (not name.islower() or any(c.isdigit() for c in name))
            yield Form(name, hgnc_id, "gene", ASSIGNED, strict=short, is_short=short)
    yield from _receptor_forms(standing, known.assigned)
    for phrase in (*known.phrases, *_compounds(standing, names)):
        yield Form(phrase, "", "", trust=SHIELD)


def _checked(form: Form, words: GeneWords) -> Form:
    if form.trust == SURE and (form.text in words.others or form.text.upper() in words.words):
        return replace(form, strict=True, trust=UNSURE, is_short=True)
    return form


_Maker = partial[Form]


def _symbol_forms(record: HgncRecord, tails: Collection[str], make: _Maker) -> Iterator[Form]:
    yield from _written(record.symbol, SYMBOL, make, since=record.symbol_since)
    if _SEGMENT.fullmatch(record.symbol):
        return
    for name, rank in (*((n, FORMER) for n in record.previous), *((n, ALIAS) for n in record.aliases)):
        core = _core(name)
        if len(core) < 3 or core[0].isdigit() or name in tails:
            continue
        if " " in name or _ONE_WORD.fullmatch(name):
            yield make(name, rank=FORMER, trust=SURE if " " in name else UNSURE)
        else:
            yield from _written(name, rank, make)


def _written(name: str, rank: int, make: _Maker, *, since: dt.date | None = None) -> Iterator[Form]:
    """Yield a symbol as it is, without its hyphens, spelt with Greek letters, and as the symbol of an animal's gene."""
    core = _core(name)
    if len(core) < 2 or not any(c.isalpha() for c in core):
        return
    has_number = any(c.isdigit() for c in core)
    loose = has_number and len(core) >= 4 and "".join(filter(str.isalpha, core)).lower() not in _FUNCTION_WORDS
    is_sure = len(core) >= (_SURE_SYMBOL if rank == SYMBOL else _SURE_ALIAS) or _NUMBERED.fullmatch(name)
    trust = SURE if is_sure else UNSURE
    made = partial(make, strict=not loose, trust=trust, is_short=True, known_since=since)
    yield made(name, rank=rank)
    if "-" in name:
        yield made(name.replace("-", ""), rank=rank)
    if _CAPITALS.fullmatch(name):
        yield make(name.capitalize(), rank=SPELT, strict=True, trust=UNSURE, is_short=True)
    letter = _ENDS_IN_LETTER.fullmatch(name) if rank == SYMBOL else None
    if letter and letter[1] not in {"IN", "TR"}:
        greek = f"{letter[1]}-{_GREEK[letter[2]]}{letter[3]}"
        yield make(greek, rank=SPELT, is_short=True, known_since=since)


def _name_forms(record: HgncRecord, names: Collection[str], make: _Maker) -> Iterator[Form]:
    for name in record.names:
        if len(name) < _SHORTEST_NAME or "," in name or "(" in name:
            continue
        yield make(name, rank=NAME)
        stem, receptor, number = name.rpartition(" receptor ")
        if receptor and " " not in number:
            yield make(f"{stem} {number} receptor", rank=NAME)
        first = name.removesuffix(" 1")
        others = {f"{first} {n}".lower() for n in (2, 3)}
        if first != name and _PROTEIN.fullmatch(first) and others.isdisjoint(names):
            yield make(first, rank=FIRST_MEMBER)


def _receptor_forms(standing: Sequence[HgncRecord], assigned: Mapping[str, str]) -> Iterator[Form]:
    """Yield what begins with a ligand and is its receptor: *IL-6 receptor* is IL6R, *VEGF receptor* is no VEGFA."""
    owners = {name.lower(): record.hgnc_id for record in standing for name in record.names}
    receptors = {r.hgnc_id for r in standing if any("receptor" in name.lower() for name in (*r.names, *r.aliases))}
    for record in standing:
        for name in record.names:
            if receptor := owners.get(f"{name} receptor".lower()):
                for text in (f"{record.symbol} receptor", f"{record.symbol} receptors", f"{name} receptors"):
                    yield Form(text, receptor, "gene", SPELT)
    taken = {record.symbol for record in standing for name in record.names if f"{name} receptor".lower() in owners}
    for name, hgnc_id in assigned.items():
        if hgnc_id not in receptors and name not in taken:
            yield from (Form(f"{name} {tail}", "", "", trust=SHIELD) for tail in ("receptor", "receptors"))


def _compounds(standing: Sequence[HgncRecord], names: Collection[str]) -> Iterator[str]:
    """Yield what begins with a name of one word and is another thing."""
    words = {name for record in standing for name in record.names if _ONE_WORD.fullmatch(name)}
    for word in sorted(words):
        for tail in _TAILS:
            if f"{word} {tail}".lower() not in names:
                yield f"{word} {tail}"
                yield f"{word} {tail}s"


def _core(name: str) -> str:
    return "".join(c for c in name if c.isascii() and c.isalnum())


def names_of(records: Iterable[HgncRecord]) -> Mapping[str, tuple[str, ...]]:
    """Return the words by which a long form is known to be a gene's: its names and its longer aliases."""
    return {r.hgnc_id: (*r.names, *(a for a in r.aliases if len(a) > 6)) for r in records}
