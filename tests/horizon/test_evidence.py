"""What decides whether a name means what the dictionary says."""

from __future__ import annotations

import numpy as np
import pytest
from tests.horizon.records import small_dictionary

from tmescope.horizon.automaton import find
from tmescope.horizon.evidence import FROM, TO, Texts, accept


@pytest.fixture(scope="module")
def dictionary():
    return small_dictionary()


def _accepted(text: str, dictionary) -> list[str]:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    texts = Texts(data, np.array([0, len(data)], dtype=np.int64))
    found = find(dictionary.automaton, data, texts.ends)
    kept = found[accept(found, texts, dictionary)]
    return [texts.cut(0, a, b).decode() for a, b in kept[:, [FROM, TO]].tolist()]


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("CAT rose", []),
        ("catalase (CAT) and CAT again", ["catalase", "CAT", "CAT"]),
        ("computed axial tomography (CAT), CAT gene", []),
        ("HGFR or MET", []),
        ("HGFR gene or MET", []),
        ("CD117 and KIT", ["CD117", "KIT"]),
        ("EGFR, KIT", ["EGFR", "KIT"]),
        ("EGFR was high while KIT", ["EGFR"]),
        ("mutations in KIT; later KIT", ["KIT", "KIT"]),
        ("estimated glomerular filtration rate (EGFR) EGFR", []),
        ("epidermal growth factor receptor (EGFR) EGFR", ["epidermal growth factor receptor", "EGFR", "EGFR"]),
        ("programmed death 1 protein (PD-1) PD-1", ["PD-1", "PD-1"]),
        ("lone PD-1, PD-L1, HER2, CTLA-4, TIM-3 and IL-6", ["PD-1", "PD-L1", "HER2", "CTLA-4", "TIM-3", "IL-6"]),
        ("her 2 years", []),
        ("HER2 and HER 2", ["HER2", "HER 2"]),
        ("each KIT gene, KIT for each gene", ["KIT", "KIT"]),
        ("KIT for each gene", []),
        ("the beta-KIT gene", []),
        ("anti-KIT gene", ["KIT"]),
        ("L-catalase", []),
        ("catalase inhibitors, catalase-like", []),
        ("HER2 and IL-6 receptor", ["HER2", "IL-6 receptor"]),
        ("anaplastic lymphoma kinase (ALK) and ALK", ["anaplastic lymphoma kinase", "ALK", "ALK"]),
        ("receptor kinase of mast cells (KIT) KIT", []),
        ("Aicardi syndrome (AGS) AGS", []),
        ("count of talkative lasting ants 4 (CTLA4) CTLA4", ["CTLA4", "CTLA4"]),
    ],
)
def test_evidence(text, accepted, dictionary):
    assert _accepted(text, dictionary) == accepted


def test_cuts_stay_inside_their_text():
    texts = Texts(np.frombuffer(b"abcdef", dtype=np.uint8), np.array([0, 3, 6], dtype=np.int64))
    assert texts.cut(0, 1, 99) == b"bc"
    assert texts.cut(1, -5, 1) == b"d"
