"""What a paper needs beside figures: the methods text and the items of REMARK, as the report shows them."""

from __future__ import annotations

from dataclasses import dataclass

from tmescope.report.contents import ReportContents
from tmescope.report.methods_text import MethodsSection
from tmescope.report.numbers import plain
from tmescope.report.tables import Cell, HtmlTable, doi_address, words

__all__ = ["WrittenMethods", "remark", "written_methods"]


@dataclass(frozen=True)
class WrittenMethods:
    """The methods text as the template wants it.

    Parameters
    ----------
    sections : tuple of MethodsSection
        With numbered citations.
    references : tuple of (str, str)
        Text and address of each paper.
    plain : str
        All of it, for the clipboard.
    """

    sections: tuple[MethodsSection, ...]
    references: tuple[tuple[str, str], ...]
    plain: str


def written_methods(contents: ReportContents) -> WrittenMethods | None:
    """Return the methods text, or None where the run wrote none.

    Parameters
    ----------
    contents : ReportContents
        With ``methods_text``.
    """
    text = contents.methods_text
    if text is None:
        return None
    sections = tuple(MethodsSection(s.heading, tuple(plain(p) for p in s.paragraphs)) for s in text.numbered())
    references = tuple((plain(r.text), doi_address(r.doi) or "") for r in text.references)
    lines = text.to_text().split("\n")
    return WrittenMethods(sections, references, "\n".join(plain(line) if line else "" for line in lines))


def remark(contents: ReportContents) -> HtmlTable | None:
    """Return the items of REMARK with what the run can say of each.

    Parameters
    ----------
    contents : ReportContents
        With the table ``remark``.
    """
    table = contents.table("remark")
    if not len(table):
        return None
    rows = [
        [
            Cell(str(int(r["item"])), sort=float(r["item"]), kind="number"),
            words(r["topic"]),
            Cell(plain(r["status"])),
            words(r["text"]),
        ]
        for r in table.to_dict(orient="records")
    ]
    columns = [("Item", True), ("Topic", False), ("Who states it", False), ("What the run can say", False)]
    note = (
        "REMARK: McShane et al., Br J Cancer 2005;93:387-391, doi:10.1038/sj.bjc.6602678. Topics are in our words; "
        "compare with the checklist of the paper before a submission."
    )
    return HtmlTable("remark", "Reporting recommendations for tumour marker studies (REMARK)", columns, rows, note=note)
