"""Which papers a text cites, in the order of their first citation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tmescope.facts.bibliography import PaperReference, find_doi, state_reference
from tmescope.report.methods_text import mark, said

__all__ = ["Citations"]


@dataclass
class Citations:
    """Papers that were cited so far.

    Parameters
    ----------
    found : dict of str to PaperReference
        By DOI in lower case, or by what was stated where there is none.
    """

    found: dict[str, PaperReference] = field(default_factory=dict)

    @property
    def references(self) -> tuple[PaperReference, ...]:
        """The papers, in the order of their first citation."""
        return tuple(self.found.values())

    def cite(self, *dois: str) -> str:
        """Return the mark that cites papers.

        Parameters
        ----------
        *dois : str
            Of each; an empty one cites nothing.
        """
        return mark([self._key(doi, "") for doi in dois if doi])

    def cite_stated(self, reference: str, citation: str) -> str:
        """Return the mark that cites the paper of a gene list; nothing where neither DOI nor citation is stated.

        Parameters
        ----------
        reference : str
            Text that may hold a DOI.
        citation : str
            The paper in words.
        """
        doi = find_doi(reference)
        return mark([self._key(doi, citation)]) if doi else ""

    def _key(self, doi: str, citation: str) -> str:
        place = doi.lower()
        if place not in self.found:
            stem = re.sub(r"[^a-z0-9]", "", place)
            taken = {r.key for r in self.found.values()}
            key = f"doi{stem}"
            while key in taken:
                key += "x"
            self.found[place] = state_reference(said(doi), said(citation), key=key)
        return self.found[place].key
