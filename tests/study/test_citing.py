from __future__ import annotations

from tmescope.study.citing import Citations


def test_papers_come_in_the_order_of_their_first_citation_and_once():
    citations = Citations()
    first = citations.cite("10.2307/2531595", "", "10.1038/nature08460")
    assert first == citations.cite("10.2307/2531595", "10.1038/NATURE08460")
    assert [r.key for r in citations.references] == ["delong1988", "barbie2009"]
    assert citations.cite("") == ""


def test_papers_of_own_gene_lists_get_keys_of_their_own():
    citations = Citations()
    assert citations.cite_stated("reference not verified", "a list") == ""
    citations.cite_stated("doi:10.1000/a-b", "Somebody 2020")
    citations.cite_stated("doi:10.1000/ab", "Another 2021")
    one, two = citations.references
    assert (one.key, two.key) == ("doi101000ab", "doi101000abx")
    assert one.note.endswith("Somebody 2020")
