"""Which version files are, and whom their content is trusted by."""

from __future__ import annotations

import pytest

from tmescope.facts.registry import find_reference
from tmescope.facts.trust import FIRST_USE, GIVEN, REGISTRY, Origin, settle_version
from tmescope.foundation.errors import FactsError

HGNC = find_reference("hgnc")
OLD = dict(HGNC.versions["2017-04-18"])
NEW = {"genes": "a" * 64}


def test_the_registry_knows_a_version_by_its_hashes() -> None:
    assert settle_version(HGNC, OLD, Origin()) == ("2017-04-18", REGISTRY)
    assert settle_version(HGNC, OLD, Origin("2017-04-18")) == ("2017-04-18", REGISTRY)


def test_what_the_user_gave_and_what_nobody_knows() -> None:
    assert settle_version(HGNC, NEW, Origin("2025-04-01", {"genes": "A" * 64})) == ("2025-04-01", GIVEN)
    assert settle_version(HGNC, NEW, Origin("2025-04-01")) == ("2025-04-01", FIRST_USE)
    version, trust = settle_version(HGNC, NEW, Origin())
    assert version.startswith("sha256-")
    assert trust == FIRST_USE


@pytest.mark.parametrize(
    ("hashes", "said", "says"),
    [
        (NEW, Origin("2017-04-18"), "which the registry states"),
        (NEW, Origin(None, {"genes": "b" * 64}), "which was given"),
        (OLD, Origin("2025-04-01"), "these are the files of version 2017-04-18, not of 2025-04-01"),
        (NEW, Origin("../../x"), "cannot name a folder"),
        (NEW, Origin(".hidden"), "cannot name a folder"),
        (NEW, Origin(""), "cannot name a folder"),
        (NEW, Origin(None, {"genes": "b" * 63}), "no sha256 of a file of hgnc"),
        (NEW, Origin(None, {"gene": "b" * 64}), "no sha256 of a file of hgnc"),
    ],
)
def test_what_does_not_agree_is_refused(hashes: dict[str, str], said: Origin, says: str) -> None:
    with pytest.raises(FactsError) as caught:
        settle_version(HGNC, hashes, said)
    assert says in str(caught.value)
