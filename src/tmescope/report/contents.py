"""What a report is made of: the tables of one run, and the few choices that the figures depend on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from tmescope.foundation.errors import InputError, examples
from tmescope.report.numbers import plain
from tmescope.report.sample_matrix import SampleMatrix
from tmescope.store.tables import SCHEMAS

if TYPE_CHECKING:
    from tmescope.report.cell_map import CellMap
    from tmescope.report.methods_text import MethodsText

__all__ = ["TABLE_COLUMNS", "ReportContents"]

TABLE_COLUMNS: Mapping[str, tuple[str, ...]] = {name: tuple(schema.columns) for name, schema in SCHEMAS.items()}
"""Columns of each table that a report reads; further columns (endpoints in ``samples``) are allowed."""

_REQUIRED = {"cohorts": 1, "samples": 2, "scores": 5, "answers": 9, "curves": 6, "quality": 3, "warnings": 2}
"""How many of the leading columns of a table a report cannot do without (1 where a table is not listed)."""


@dataclass(frozen=True)
class ReportContents:
    """Everything that one report shows.

    Parameters
    ----------
    study_id : str
        Identifier of the study.
    title : str
        Title of the report.
    question : str
        The study's question in one sentence; may be empty.
    tables : mapping of str to pandas.DataFrame
        The run's tables by name (`TABLE_COLUMNS`). A table that is absent or empty makes its section say so.
    primary_method : str
        Scoring method whose scores the figures show.
    primary_endpoint : str, optional
        Binary endpoint, a column of ``samples`` with 'responder' and 'non_responder'.
    survival_endpoint : str, optional
        Time-to-event endpoint; ``samples`` has ``<id>_time_months`` and ``<id>_event``.
    provenance : dict
        ``versions``, ``inputs`` (name to sha256), ``facts``, ``seed``, ``parameters``; any key may be missing.
    methods_text : MethodsText, optional
        What the run did, in sentences.
    generated : str, optional
        Date to print. The same contents give the same bytes, so the clock is the caller's.
    signature_genes : mapping of str to sequence of str
        Genes of the signatures by name, for the pages of patients; may be empty.
    question_notes : mapping of str to str
        What the titles of a question's figures must not leave out, by question_id: a landmark, a horizon.
    expression : SampleMatrix, optional
        Samples over the genes that all cohorts measured, for the figure of cohort effects.
    cells : sequence of CellMap
        Maps of cells, of the cohorts that are atlases.

    Raises
    ------
    InputError
        Where a table has rows but lacks columns that the report needs.
    """

    study_id: str
    title: str
    question: str
    tables: Mapping[str, pd.DataFrame]
    primary_method: str
    primary_endpoint: str | None = None
    survival_endpoint: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    methods_text: MethodsText | None = None
    generated: str | None = None
    signature_genes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    question_notes: Mapping[str, str] = field(default_factory=dict)
    expression: SampleMatrix | None = None
    cells: Sequence[CellMap] = ()

    def __post_init__(self) -> None:
        """Refuse tables without the columns that identify a row."""
        for name, table in self.tables.items():
            columns = TABLE_COLUMNS.get(name, ())
            needed = columns[: _REQUIRED.get(name, 1)]
            missing = [c for c in needed if c not in table.columns]
            if len(table) and missing:
                raise InputError(
                    f"the table {name!r} lacks {len(missing)} of its columns: {examples(missing)}",
                    where=f"ReportContents.tables[{name!r}]",
                    expected=", ".join(columns),
                    next_step="pass the table as the run wrote it",
                )

    def table(self, name: str) -> pd.DataFrame:
        """Return a table with every column of the contract; empty where the run did not write it.

        Parameters
        ----------
        name : str
            Name in `TABLE_COLUMNS`.
        """
        found = self.tables.get(name)
        if found is None:
            return pd.DataFrame({c: pd.Series(dtype=object) for c in TABLE_COLUMNS[name]})
        missing = {c: pd.Series(pd.NA, index=found.index, dtype=object) for c in TABLE_COLUMNS[name]}
        return found.assign(**{c: v for c, v in missing.items() if c not in found.columns})

    def has(self, name: str) -> bool:
        """Return whether a table is there and has rows.

        Parameters
        ----------
        name : str
            Name in `TABLE_COLUMNS`.
        """
        found = self.tables.get(name)
        return found is not None and len(found) > 0

    def cohort_ids(self) -> list[str]:
        """Return every cohort of the run: in the order of the table ``cohorts``, then those only other tables have."""
        found: dict[str, None] = {}
        for name in (
            "cohorts",
            "samples",
            "scores",
            "fractions",
            "subtypes",
            "features",
            "answers",
            "curves",
            "quality",
        ):
            if self.has(name):
                found |= dict.fromkeys(str(c) for c in pd.unique(self.tables[name]["cohort_id"]))
        return list(found)

    def measured(self) -> pd.DataFrame:
        """Return the rows of ``scores`` and of ``fractions``, which have the same columns."""
        filled = [table for table in (self.table("scores"), self.table("fractions")) if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else self.table("scores")

    def home_of(self, method: str) -> str:
        """Return the table that holds the rows of a method: ``scores`` or ``fractions``.

        Parameters
        ----------
        method : str
            Name of the method.
        """
        return "fractions" if (self.table("fractions")["method"] == method).any() else "scores"

    def primary_scores(self) -> pd.DataFrame:
        """Return the rows of the primary method, which the figures show."""
        scores = self.measured()
        return scores[scores["method"] == self.primary_method] if len(scores) else scores

    def shown_answers(self) -> pd.DataFrame:
        """Return the answers that figures of single cohorts show.

        Those of the questions that a study asks of every feature (named KIND:ENDPOINT), every feature once, by the
        primary method where that was tested.
        """
        return self.once_per_feature(self.standing_answers())

    def standing_answers(self) -> pd.DataFrame:
        """Return the answers to what a study asks of every feature: not those to questions with names of their own."""
        answers = self.table("answers")
        return answers[answers["question_id"].astype(str).str.contains(":", regex=False)]

    def once_per_feature(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of answers or curves of one source per feature: the primary method where it was tested.

        Parameters
        ----------
        table : pandas.DataFrame
            With the columns feature and source.
        """
        if not len(table):
            return table
        tested = (self.table("answers")[["feature", "source"]], table[["feature", "source"]])
        pairs = pd.concat([t for t in tested if len(t)]).drop_duplicates()
        second = ~pairs["source"].isin([self.primary_method, "table"])
        chosen = pairs.assign(second=second).sort_values("second", kind="stable").drop_duplicates("feature")
        keep = pd.MultiIndex.from_frame(chosen[["feature", "source"]])
        return table[pd.MultiIndex.from_frame(table[["feature", "source"]]).isin(keep)]

    def scores_sets(self, source: str) -> bool:
        """Return whether a source's features are gene sets of the run; others may only have the name of one.

        Parameters
        ----------
        source : str
            Name of a method, or ``table``.
        """
        fractions = self.table("fractions")
        own = fractions.loc[fractions["method"] == source, "feature"].astype(str)
        return source != "table" and set(own) <= set(self.table("signatures")["name"].astype(str))

    def feature_labels(self, source: str | None = None) -> dict[str, str]:
        """Return a label for each feature: the signature's title, else the feature's own name.

        Parameters
        ----------
        source : str, optional
            Method (or ``table``) whose features are meant: where they are no gene sets (`scores_sets`), each is called
            by its own name. By the name alone if omitted.
        """
        signatures = self.table("signatures")
        titles = {
            str(n): str(t)
            for n, t in zip(signatures["name"], signatures["title"], strict=True)
            if isinstance(t, str) and t
        }
        names: set[str] = set()
        for table in ("scores", "fractions", "features", "answers"):
            names.update(str(f) for f in pd.unique(self.table(table)["feature"]))
        known = titles if source is None or self.scores_sets(source) else {}
        return {name: known.get(name, name) for name in sorted(names)}

    def short_labels(self, source: str | None = None) -> dict[str, str]:
        """Return the labels without the publication in brackets at their end, where that leaves them different.

        Parameters
        ----------
        source : str, optional
            As in `feature_labels`.
        """
        labels = self.feature_labels(source)
        bare = {name: re.sub(r"\s*\([^()]*\)$", "", label) or label for name, label in labels.items()}
        counts = Counter(bare.values())
        return {name: bare[name] if counts[bare[name]] == 1 else label for name, label in labels.items()}

    def question_title(self, question_id: object) -> str:
        """Return a question's name with what its titles must not leave out, such as its landmark.

        Parameters
        ----------
        question_id : str
            As in the tables.
        """
        note = self.question_notes.get(str(question_id), "")
        return f"{plain(question_id)} ({note})" if note else plain(question_id)

    def unit(self) -> str:
        """Return the unit of the primary scores, or ``score`` where none is given."""
        units = [str(u) for u in self.primary_scores()["unit"].dropna().unique() if str(u)]
        return units[0] if len(units) == 1 else "score"
