"""How diseases, kinds of therapy and concepts are written in running text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tmescope.facts.horizon_terms import Named
from tmescope.facts.references.doid import Disease
from tmescope.horizon.forms import SURE, UNSURE, Form

__all__ = ["disease_forms", "vocabulary_forms"]

_ACRONYM = re.compile(r"[A-Za-z]?[A-Z0-9][A-Z0-9-]*s?")
_SURE_ACRONYM = 5
_PLURALS = (
    "cancer",
    "carcinoma",
    "tumor",
    "sarcoma",
    "lymphoma",
    "neoplasm",
    "melanoma",
    "glioma",
    "adenoma",
    "syndrome",
)
_BRITISH = (("tumor", "tumour"), ("leukemia", "leukaemia"), ("anemia", "anaemia"), ("hem", "haem"))
_TOO_WIDE = frozenset({"disease", "syndrome", "physical disorder"})


def disease_forms(diseases: Iterable[Disease]) -> Iterator[Form]:
    """Yield the forms of diseases.

    Parameters
    ----------
    diseases : iterable of Disease
        Terms of the Disease Ontology.

    Yields
    ------
    Form
        Of type ``disease``: names and exact synonyms, their plurals and British spellings. Acronyms need the full name
        in the same text. A term is known from the day on which it was made, where the ontology says it.
    """
    for disease in diseases:
        for rank, text in enumerate((disease.name, *disease.synonyms)):
            if text in _TOO_WIDE or len(text) < 3:
                continue
            short = text in disease.acronyms or _is_acronym(text)
            for variant in (text,) if short else _variants(text):
                yield Form(
                    variant,
                    disease.doid,
                    "disease",
                    min(rank, 1),
                    strict=short,
                    trust=UNSURE if short else SURE,
                    is_short=short,
                    known_since=disease.created_on,
                )


def _variants(text: str) -> Iterator[str]:
    yield text
    if text.endswith(_PLURALS):
        yield text + "s"
    for american, british in _BRITISH:
        if american in text and british not in text:
            yield text.replace(american, british)


def vocabulary_forms(entities: Iterable[Named]) -> Iterator[Form]:
    """Yield the forms of kinds of therapy and of concepts.

    Parameters
    ----------
    entities : iterable of Named
        As from `tmescope.facts.horizon_terms.load_vocabulary`.

    Yields
    ------
    Form
        Acronyms of up to four letters need the full name in the same text.
    """
    for one in entities:
        for term in one.terms:
            short = _is_acronym(term)
            unsure = short and len(term.removesuffix("s")) < _SURE_ACRONYM and not any(c.isdigit() for c in term)
            trust = UNSURE if unsure and term.removesuffix("s").isupper() else SURE
            yield Form(term, one.entity_id, one.entity_type, strict=short, trust=trust, is_short=short)


def _is_acronym(text: str) -> bool:
    return len(text) <= 6 and bool(_ACRONYM.fullmatch(text))
