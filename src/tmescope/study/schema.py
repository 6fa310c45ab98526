"""What a study file may say: every table, key and default of study.toml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tmescope.foundation.errors import TmescopeError
from tmescope.foundation.scale import Scale
from tmescope.ingest.options import FileFormat
from tmescope.study.schema_cells import CellsRules
from tmescope.study.schema_deconvolution import Deconvolution
from tmescope.study.schema_endpoints import (
    UNDECIDED,
    Endpoint,
    OrdinalEndpoint,
    OrdinalRule,
    ResponseEndpoint,
    ResponseRule,
    Rule,
    TimeEndpoint,
    TimeRule,
)
from tmescope.study.schema_facts import Pins
from tmescope.study.schema_horizon import HorizonPart, check_kind
from tmescope.study.schema_models import PredictionModel
from tmescope.study.schema_parts import DialectKeys, FileName, Table, checked_id
from tmescope.study.schema_profile import Profile
from tmescope.study.schema_questions import Question
from tmescope.study.schema_subtypes import Subtypes

__all__ = [
    "UNDECIDED",
    "Answers",
    "Cohort",
    "Columns",
    "Deconvolution",
    "Endpoint",
    "FeatureColumn",
    "FeatureTable",
    "OrdinalEndpoint",
    "OrdinalRule",
    "Output",
    "Profile",
    "Question",
    "ResponseEndpoint",
    "ResponseRule",
    "Rule",
    "Selection",
    "Study",
    "StudyHead",
    "Subtypes",
    "TimeEndpoint",
    "TimeRule",
]


class StudyHead(Table):
    """What the study is called and asks."""

    id: str = Field(description="Short name; letters, digits, '_', '-' and '.'")
    title: str = Field(description="Title of the report")
    kind: Literal["cohorts", "horizon"] = Field(
        "cohorts", description="cohorts: samples of patients; horizon: papers and trials of a lake"
    )
    question: str = Field("", description="The question in one sentence, shown at the top of the report")
    seed: int = Field(0, ge=0, description="Seed of every random step")

    _id = field_validator("id")(checked_id)


class Columns(Table):
    """Which columns of the sample table hold what."""

    sample_id: str = Field("sample_id", description="Identifier that the expression matrix uses")
    patient_id: str | None = Field(None, description="Patient; without it each sample counts as a patient of its own")
    timepoint: str | None = Field(None, description="When the sample was taken")
    sex: str | None = Field(None, description="Recorded sex")
    age_years: str | None = Field(None, description="Age in years")
    cancer_type: str | None = Field(None, description="Cancer type, where it differs between samples")
    treatment: str | None = Field(None, description="Treatment, where it differs between samples")


class Selection(Table):
    """Which samples take part."""

    timepoint: list[str] | None = Field(None, description="Keep samples whose timepoint is one of these")
    one_per_patient: Literal["refuse", "first", "all"] = Field(
        "refuse",
        description="Several samples of one patient: refuse, keep the first of the table, or all (not for answers)",
    )
    exclude: list[str] = Field(default_factory=list, description="Samples to leave out, by identifier")


class FeatureColumn(Table):
    """One column that becomes a feature."""

    column: str = Field(description="Its name in the table")
    unit: str = Field("", description="Its unit, such as mutations/Mb")
    missing: list[str] = Field(default_factory=list, description="Values that mean not known")


class FeatureTable(Table):
    """Extra per-sample measurements beside expression: TMB, PD-L1, TCR clonality, ctDNA, mutations."""

    file: FileName | None = Field(None, description="Table, one row per sample or patient; the sample table if omitted")
    dialect: DialectKeys | None = Field(None, description="How that file is written, where it is text")
    id_column: str = Field("sample_id", description="Column of that file with the identifier")
    joins: Literal["sample_id", "patient_id"] = Field("sample_id", description="Whose identifier that is")
    numeric: dict[str, FeatureColumn] = Field(default_factory=dict, description="Feature name to numeric column")
    categorical: dict[str, FeatureColumn] = Field(
        default_factory=dict, description="Feature name to categorical column"
    )

    @model_validator(mode="after")
    def _something(self) -> FeatureTable:
        if not self.numeric and not self.categorical:
            message = "names no feature: give numeric or categorical columns"
            raise ValueError(message)
        if self.dialect is not None and self.file is None:
            message = "has a dialect and no file: samples_dialect of the cohort is that of the sample table"
            raise ValueError(message)
        if both := sorted(self.numeric.keys() & self.categorical.keys()):
            message = f"the feature {both[0]!r} stands in numeric and in categorical"
            raise ValueError(message)
        return self


class Cohort(CellsRules):
    """One cohort: a matrix or an atlas, a sample table, and what only people know about them."""

    id: str = Field(description="Short name of the cohort")
    kind: Literal["bulk", "cells"] = Field("bulk", description="bulk: a matrix of samples; cells: an atlas")
    expression: FileName = Field(
        description="Expression matrix, 10x folder or samplesheet; relative paths start at the study file"
    )
    atlas: FileName | None = Field(None, description="For kind = cells: folder made by tmescope atlas ingest")
    labels: str | None = Field(None, description="For kind = cells: column of the cells that holds their types")
    min_cells: int | None = Field(None, ge=1, description="For kind = cells: fewest cells of a label that count, 10")
    format: FileFormat | None = Field(None, description="By the file's name if omitted")
    orientation: Literal["genes_by_samples", "samples_by_genes"] | None = Field(
        None,
        description="What the rows and columns of the matrix are; genes_by_samples if omitted, "
        "in h5ad files samples_by_genes",
    )
    scale: str = Field(description="Scale of the numbers: counts, tpm, log2(tpm+1), log2(tpm+0.001), log2_array, ...")
    identifiers: Literal["symbol", "ensembl", "entrez", "uniprot"] = Field(
        "symbol", description='Kind of gene identifier; uniprot needs profile.gene_table = "hgnc"'
    )
    duplicates: Literal["sum", "mean", "median", "highest_mean", "refuse"] | None = Field(
        None,
        description="Several rows of one gene become one so; if omitted rows of one name are summed on linear scales "
        "and refused on others, and rows of several names stay apart",
    )
    gene_lengths: FileName | None = Field(
        None, description="Table of gene lengths (columns gene and length or effective_length): counts become TPM"
    )
    to_tpm: bool = Field(False, description="FPKM become TPM")
    layer: str | None = Field(None, description="Layer of an h5ad file that holds the matrix; X if omitted")
    dialect: DialectKeys | None = Field(None, description="How a text matrix is written; by evidence if omitted")
    gene_column: str | None = Field(None, description="Column that names the genes where the format has several")
    value_column: str | None = Field(None, description="Column of values in a samplesheet's files, where needed")
    molecular_profile: str | None = Field(None, description="stable_id of the profile in a cBioPortal study folder")
    samples: FileName | None = Field(
        None, description="Sample table, one row per sample; if omitted the one inside the matrix' file"
    )
    samples_format: FileFormat | None = Field(None, description="Of the sample table; by the file's name if omitted")
    samples_dialect: DialectKeys | None = Field(None, description="How a text sample table is written")
    samples_sheet: str | None = Field(None, description="Sheet of a workbook that holds the sample table")
    columns: Columns = Field(Columns(), description="Column mapping of the sample table")
    select: Selection = Field(Selection(), description="Which samples take part")
    features: list[FeatureTable] = Field(default_factory=list, description="Extra per-sample feature tables")
    cancer_type: str = Field("", description="Cancer type, shown in the report")
    treatment: str = Field("", description="Treatment, shown in the report")
    licence: str = Field("", description="Licence or consent note of the data, kept in the provenance")
    allow_identifying: list[str] = Field([], description="Columns to use although they look like personal data")

    _id = field_validator("id")(checked_id)

    @field_validator("scale")
    @classmethod
    def _scale(cls, value: str) -> str:
        if value == UNDECIDED:
            return value
        try:
            return str(Scale.parse(value))
        except TmescopeError as error:
            raise ValueError(f"{error.what}; expected {error.expected}") from error


class Answers(Table):
    """Which questions are asked of the profile."""

    methods: list[str] | None = Field(None, description="Scoring methods that are tested; the primary one if omitted")
    response: list[str] | None = Field(None, description="Response endpoints; all if omitted")
    survival: str | None = Field(None, description="The time-to-event endpoint for Kaplan-Meier curves by tertile")


class Output(Table):
    """What is written."""

    csv: bool = Field(True, description="Write each table as CSV beside Parquet")
    figures: list[Literal["svg", "png"]] = Field(["svg", "png"], description="Formats of the figures")
    report: bool = Field(True, description="Write report.html and the figures")


class Study(Table):
    """A whole study file.

    Parameters
    ----------
    format : int
        Version of the file's format.
    study : StudyHead
        Name, title, question, seed.
    cohorts : list of Cohort
        At least one; ids are unique. None in a study of kind horizon.
    horizon : HorizonPart, optional
        Lake and subjects of a study of kind horizon.
    endpoints : dict of str to ResponseEndpoint, TimeEndpoint or OrdinalEndpoint
        What is asked about, by id.
    profile : Profile
        What is measured.
    answers : Answers
        Which questions are asked of every feature.
    question : list of Question
        Further questions, each with a name of its own.
    model : list of PredictionModel
        Models that predict an endpoint.
    predict : list of str
        Files of saved prediction models that are applied to every cohort.
    deconvolution : Deconvolution
        How composition is estimated.
    subtypes : Subtypes
        Which models of subtypes place each sample.
    output : Output
        What is written.
    facts : dict of str to str
        Installed references that it needs, with their versions.
    """

    format: Literal[1] = Field(description="Version of this file's format")
    study: StudyHead
    cohorts: list[Cohort] = Field(description="At least one, where kind is not horizon")
    horizon: HorizonPart | None = None
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)
    profile: Profile = Profile()
    answers: Answers = Answers()
    question: list[Question] = Field(default_factory=list)
    model: list[PredictionModel] = Field(default_factory=list)
    predict: list[FileName] = Field(
        default_factory=list, description="Files models/ID.json of other runs: applied to every cohort"
    )
    deconvolution: Deconvolution = Deconvolution()
    subtypes: Subtypes = Subtypes()
    output: Output = Output()
    facts: Pins = Field(default_factory=dict)

    _folder: Path = Path()
    _facts_home: Path | None = None

    _kind = model_validator(mode="before")(check_kind)

    @field_validator("cohorts")
    @classmethod
    def _any_cohort(cls, value: list[Cohort], info: ValidationInfo) -> list[Cohort]:
        head = info.data.get("study")
        if not value and (head is None or head.kind == "cohorts"):
            message = "the list is empty"
            raise ValueError(message)
        return value

    @field_validator("endpoints")
    @classmethod
    def _endpoint_ids(cls, value: dict[str, Endpoint]) -> dict[str, Endpoint]:
        from tmescope.store.tables import SCHEMAS

        taken = set(SCHEMAS["samples"].columns)
        for name, endpoint in value.items():
            checked_id(name)
            is_time = isinstance(endpoint, TimeEndpoint)
            parts = ("_time_months", "_event", "_cause") if is_time else ("",)
            columns = {f"{name}{part}" for part in parts}
            if clash := sorted(columns & taken):
                message = f"the endpoint {name!r} needs the column {clash[0]!r} of the table samples, which is taken: "
                raise ValueError(message + "give it another name")
            taken |= columns
        return value

    def resolve(self, path: str) -> Path:
        """Return a path of the study file as seen from the folder that the file lies in.

        Parameters
        ----------
        path : str
            Relative to the study file, or absolute. Links are not followed: their names say what the files are.
        """
        return Path(os.path.abspath(self._folder / path))  # noqa: PTH100 - pathlib follows links

    def in_folder(self, folder: Path) -> Study:
        """Return the same study with relative paths starting elsewhere.

        Parameters
        ----------
        folder : pathlib.Path
            Where they start.
        """
        placed = self.model_copy()
        object.__setattr__(placed, "_folder", folder)
        return placed

    @property
    def facts_home(self) -> Path | None:
        """Folder of installed references; None for the default one."""
        return self._facts_home

    def with_facts(self, home: Path | None) -> Study:
        """Return the same study with installed references in another folder.

        Parameters
        ----------
        home : pathlib.Path or None
            As from `tmescope.facts.installed.facts_folder`; None for its default.
        """
        placed = self.model_copy()
        object.__setattr__(placed, "_facts_home", home)
        return placed
