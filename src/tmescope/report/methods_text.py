"""The methods text of a run: sections, sentences, and the papers that they cite, as Markdown and as plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tmescope.facts.bibliography import PaperReference

__all__ = ["MethodsSection", "MethodsText", "mark", "said"]

_OPEN, _CLOSE, _BETWEEN = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f" ?{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_OUTSIDE_WORDS = re.compile(r"(?<![^\W_])_|_(?![^\W_])|[\\*`\[\]<>~$@]")


@dataclass(frozen=True)
class MethodsSection:
    """One section.

    Parameters
    ----------
    heading : str
        Its title.
    paragraphs : tuple of str
        Text in which papers are cited by `mark`.
    """

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class MethodsText:
    """What a run did, in sentences for a paper.

    Parameters
    ----------
    sections : tuple of MethodsSection
        In order.
    references : tuple of PaperReference
        Every paper that a section cites, in the order of its first citation.
    """

    sections: tuple[MethodsSection, ...]
    references: tuple[PaperReference, ...]

    def numbered(self) -> tuple[MethodsSection, ...]:
        """Return the sections with citations as numbers in brackets, those of the list of references."""
        number = {reference.key: str(i) for i, reference in enumerate(self.references, start=1)}
        return self._cited(lambda keys: f" [{', '.join(number[k] for k in keys)}]")

    def to_text(self) -> str:
        """Return plain text with numbered citations and the list of references, as the report shows it."""
        lines = [line for s in self.numbered() for line in (s.heading, *s.paragraphs, "")]
        listed = [f"{i}. {r.text}" for i, r in enumerate(self.references, start=1)]
        return "\n".join([*lines, "References", *listed] if listed else lines).rstrip() + "\n"

    def to_markdown(self) -> str:
        """Return Markdown with citations such as ``[@delong1988]``, the keys of references.bib."""
        cited = self._cited(lambda keys: f" {_OPEN}{_BETWEEN.join(keys)}{_CLOSE}")
        lines = ["# Methods", ""]
        for section in cited:
            lines += [f"## {section.heading}", ""]
            for paragraph in section.paragraphs:
                lines += [_MARK.sub(_pandoc, _escape(paragraph)), ""]
        if self.references:
            lines += ["## References", "", "The entries stand in `references.bib`.", ""]
            lines += [f"- {_escape(r.key)}: {_escape(r.text)}" for r in self.references]
        return "\n".join(lines).rstrip() + "\n"

    def _cited(self, write: Callable[[list[str]], str]) -> tuple[MethodsSection, ...]:
        def paragraph(text: str) -> str:
            return _MARK.sub(lambda m: write(m.group(1).split(_BETWEEN)), text)

        return tuple(MethodsSection(s.heading, tuple(paragraph(p) for p in s.paragraphs)) for s in self.sections)


def mark(keys: Sequence[str]) -> str:
    """Return what stands in a sentence for a citation of papers; nothing where there is none.

    Parameters
    ----------
    keys : sequence of str
        Of the papers.
    """
    return f" {_OPEN}{_BETWEEN.join(keys)}{_CLOSE}" if keys else ""


def said(value: object) -> str:
    """Return a name or word from the data as one line of text that cannot pass for a citation.

    Parameters
    ----------
    value : object
        Its text is taken; control, private-use and direction characters are left out.
    """
    kept = "".join(" " if c in "\t\n\r" else c for c in str(value))
    kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
    return " ".join(kept.split())


def _pandoc(match: re.Match[str]) -> str:
    return f" [{'; '.join('@' + key for key in match.group(1).split(_BETWEEN))}]"


def _escape(text: str) -> str:
    return _OUTSIDE_WORDS.sub(lambda m: f"\\{m.group()}", text)
