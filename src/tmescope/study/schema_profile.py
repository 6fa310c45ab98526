"""What a study file says about what is measured in each sample."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tmescope.study.schema_parts import FileName, Table

__all__ = ["Profile"]


class Profile(Table):
    """What is measured in each sample."""

    models: list[FileName] = Field(
        default_factory=list,
        description="Files that tmescope score fit wrote: each is applied as a further method, METHOD_frozen",
    )
    methods: list[str] = Field(
        default_factory=lambda: ["zscore", "ssgsea", "mcp_counter"],
        description="Scoring methods; may be empty where something else is asked, such as models or kind = expression",
    )
    primary: str | None = Field(None, description="Method shown in the figures; the first of methods if omitted")
    signatures: Literal["core", "all"] | list[str] = Field(
        "core",
        description="Bundled signatures to score: names, core (the usual ones) or all; may also name sets of files",
    )
    signature_files: list[FileName] = Field(
        default_factory=list,
        description="Files with gene sets of your own (.gmt, .csv, .tsv, .toml, also .gz). All their sets are scored, "
        "or, where signatures is a list that names some of them, those alone",
    )
    leading_edge: list[str] = Field(
        default_factory=list,
        description="Signatures of which the table leading_edge says, gene by gene, what carries each sample's score",
    )
    own_signatures: dict[str, list[str]] = Field(
        default_factory=dict, description="Gene sets of your own; map_symbols holds for them as for files"
    )
    gene_universe: FileName = Field(
        "common",
        description="Genes that rank-based scores see: common (genes that all cohorts share), own (each cohort's), "
        "or a file with one symbol per line; map_symbols holds for it as for matrices",
    )
    map_symbols: bool = Field(True, description="Replace previous symbols, aliases and ids of genes by their symbols")
    gene_table: str = Field(
        "bundled",
        pattern=r"^(bundled|hgnc( [A-Za-z0-9._-]+)?)$",
        description="Where they are looked up: bundled (the genes that facts name), hgnc (the installed HGNC table: "
        "all genes) or hgnc VERSION",
    )
    max_unmapped: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Refuse a cohort when more than this share of the needed genes is missing",
    )
    min_coverage: float = Field(0.5, ge=0, le=1, description="Below this share of its genes a score is missing")
    parameters: dict[str, dict[str, bool | int | float | str]] = Field(
        default_factory=dict, description="Parameters of single methods"
    )

    @field_validator("signatures", mode="before")
    @classmethod
    def _signatures(cls, value: object) -> object:
        if value not in ("core", "all") and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            message = 'this should be "core", "all" or a list of names'
            raise ValueError(message)
        return value

    @field_validator("parameters", mode="before")
    @classmethod
    def _parameters(cls, value: object) -> object:
        tables = list(value.values()) if isinstance(value, dict) else [None]
        inner = [v for t in tables for v in (t.values() if isinstance(t, dict) else [None])]
        if not all(isinstance(v, bool | int | float | str) for v in inner):
            message = "this should be a table of methods, each a table of parameters with one value each"
            raise ValueError(message)
        return value

    @field_validator("methods", "signatures", "signature_files")
    @classmethod
    def _once(cls, value: str | list[str]) -> str | list[str]:
        if twice := sorted({v for v in value if value.count(v) > 1}) if isinstance(value, list) else []:
            message = f"{', '.join(map(repr, twice))} stands here more than once"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _primary(self) -> Profile:
        # names of models are known once their files are read
        if self.primary is not None and self.primary not in self.methods and not self.models:
            message = f"primary = {self.primary!r} is not among methods: {', '.join(self.methods)}"
            raise ValueError(message)
        return self
