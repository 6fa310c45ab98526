"""Tables of a run: their schemas, and how they are written as Parquet and as CSV that a spreadsheet cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.store.cell_schemas import CELL_SCHEMAS
from tmescope.store.csv_cells import inert_cells
from tmescope.store.horizon_schemas import HORIZON_SCHEMAS
from tmescope.store.table_schema import TableSchema
from tmescope.store.table_schema import columns_of as _columns
from tmescope.store.trend_schemas import TREND_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FORMAT_VERSION",
    "SCHEMAS",
    "TEXT",
    "TableSchema",
    "empty_table",
    "read_table",
    "shape_table",
    "write_csv",
    "write_table",
]

FORMAT_VERSION = 1
TEXT = pd.StringDtype(na_value=np.nan)
"""Type of text columns: missing is NaN, never the word None, in pandas 2 and 3 alike."""

_PANDAS: Mapping[str, Any] = {"str": TEXT, "float": "float64", "int": "Int64", "bool": "boolean"}


SCHEMAS: Mapping[str, TableSchema] = {
    "cohorts": TableSchema(
        "one cohort",
        _columns(
            "cohort_id:str cancer_type:str treatment:str scale:str n_genes:int n_expression:int n_table:int "
            "n_joined:int n_selected:int n_patients:int licence:str"
        ),
        open=True,
    ),
    "samples": TableSchema(
        "one selected sample; endpoint columns follow",
        _columns(
            "cohort_id:str sample_id:str patient_id:str cancer_type:str treatment:str timepoint:str "
            "sex:str age_years:float"
        ),
        open=True,
    ),
    "scores": TableSchema(
        "one sample, method and signature",
        _columns("cohort_id:str sample_id:str method:str feature:str value:float coverage:float unit:str"),
    ),
    "fractions": TableSchema(
        "one sample, deconvolution method and cell type; a fraction only where the unit says so",
        _columns("cohort_id:str sample_id:str method:str feature:str value:float coverage:float unit:str"),
    ),
    "agreement": TableSchema(
        "one cell type of a cohort, with how far the deconvolution methods agree about it",
        _columns(
            "cohort_id:str cell_type:str cl_id:str n_samples:int n_methods:int methods:str agreement:float "
            "agreement_low:float coverage:float confidence:str advice:str"
        ),
    ),
    "accuracy": TableSchema(
        "one cell type of a cohort by one deconvolution method, beside shares that were counted",
        _columns(
            "cohort_id:str method:str cell_type:str cl_id:str n:int pearson:float ci_low:float ci_high:float "
            "spearman:float rmse:float ccc:float"
        ),
    ),
    "subtypes": TableSchema(
        "one sample placed by one model of subtypes; the probability of each subtype follows as p_SUBTYPE",
        _columns(
            "cohort_id:str sample_id:str model:str subtype:str probability:float verdict:str immune:float "
            "stromal:float likeness:float"
        ),
        open=True,
    ),
    "subtype_models": TableSchema(
        "one model of subtypes as it was applied to one cohort",
        _columns(
            "cohort_id:str model:str kind:str file:str fitted_on:str n_fitted:int scale:str subtypes:str "
            "immune_cut:float stromal_cut:float lowest_likeness:float stability:str facts:str sha256:str"
        ),
    ),
    "leading_edge": TableSchema(
        "one gene of a signature that was asked about, in one sample",
        _columns(
            "cohort_id:str sample_id:str method:str feature:str gene_symbol:str rank:int contribution:float leads:bool"
        ),
    ),
    "features": TableSchema(
        "one sample and extra feature",
        _columns("cohort_id:str sample_id:str feature:str kind:str value:float category:str unit:str"),
    ),
    **CELL_SCHEMAS,
    **HORIZON_SCHEMAS,
    **TREND_SCHEMAS,
    "answers": TableSchema(
        "one effect of a feature on an endpoint in a cohort",
        _columns(
            "question_id:str cohort_id:str feature:str source:str endpoint:str n:int n_events:int effect:float "
            "effect_name:str adjusted_for:str std_error:float ci_low:float ci_high:float p_value:float q_value:float "
            "family:str family_size:int method:str n_left_out:int left_out:str checks:str"
        ),
    ),
    "pooled": TableSchema(
        "one effect of a feature on an endpoint, pooled over cohorts",
        _columns(
            "question_id:str feature:str source:str endpoint:str effect_name:str adjusted_for:str stratum:str k:int "
            "n:int n_events:int effect:float std_error:float ci_low:float ci_high:float p_value:float q_value:float "
            "family:str family_size:int method:str tau2:float tau2_low:float tau2_high:float i2:float q:float "
            "q_p_value:float prediction_low:float prediction_high:float prediction_df:float narrower_than_fixed:bool "
            "fixed_effect:float fixed_ci_low:float fixed_ci_high:float ci_low_max1:float "
            "ci_high_max1:float p_value_max1:float egger_p:float cohorts:str left_out:str checks:str"
        ),
    ),
    "leave_one_out": TableSchema(
        "one pooled effect without one of its cohorts",
        _columns(
            "question_id:str feature:str source:str endpoint:str effect_name:str adjusted_for:str stratum:str "
            "left_out_cohort:str k:int effect:float ci_low:float ci_high:float p_value:float tau2:float"
        ),
    ),
    "screens": TableSchema(
        "one gene of a screen, with one set of covariates in one cohort",
        _columns(
            "question_id:str cohort_id:str feature:str source:str endpoint:str n:int n_events:int effect:float "
            "effect_name:str adjusted_for:str std_error:float ci_low:float ci_high:float p_value:float q_value:float "
            "family:str family_size:int method:str n_left_out:int left_out:str checks:str p_score:float p_lr:float "
            "shrunk_effect:float shrunk_ci_low:float shrunk_ci_high:float shrunk_method:str log2_effect:float "
            "neg_log10_p:float expected_neg_log10_p:float"
        ),
    ),
    "screens_pooled": TableSchema(
        "one gene of a screen, pooled over cohorts",
        _columns(
            "question_id:str feature:str source:str endpoint:str effect_name:str adjusted_for:str stratum:str k:int "
            "n:int n_events:int effect:float std_error:float ci_low:float ci_high:float p_value:float q_value:float "
            "family:str family_size:int method:str tau2:float i2:float prediction_low:float prediction_high:float "
            "narrower_than_fixed:bool fixed_effect:float fixed_ci_low:float fixed_ci_high:float ci_low_max1:float "
            "ci_high_max1:float p_value_max1:float cohorts:str"
        ),
    ),
    "meta_regression": TableSchema(
        "one slope of a pooled effect on a property of the cohorts",
        _columns(
            "question_id:str feature:str source:str endpoint:str effect_name:str adjusted_for:str moderator:str "
            "level:str reference:str scale:str k:int coefficient:float std_error:float ci_low:float ci_high:float "
            "p_value:float q_value:float family:str family_size:int p_moderator:float intercept:float tau2:float "
            "tau2_without:float r2:float method:str cohorts:str left_out:str"
        ),
    ),
    "moderators": TableSchema(
        "one property of one cohort that a meta-regression uses",
        _columns("question_id:str cohort_id:str moderator:str value:float word:str"),
    ),
    "cuts": TableSchema(
        "one cut-point that was looked for",
        _columns(
            "question_id:str cohort_id:str feature:str source:str endpoint:str cut:float n_low:int n_high:int "
            "direction:str statistic:float p_naive:float p_lau92:float p_lau94:float p_exact_gauss:float "
            "p_permutation:float n_permutations:int held_out_cut:float held_out_effect:float held_out_ci_low:float "
            "held_out_ci_high:float held_out_p:float reason:str"
        ),
    ),
    "expression": TableSchema(
        "one gene of a cohort, compared between two groups of samples",
        _columns(
            "question_id:str cohort_id:str feature:str source:str endpoint:str contrast:str n:int n_events:int "
            "effect:float effect_name:str adjusted_for:str std_error:float ci_low:float ci_high:float p_value:float "
            "q_value:float family:str family_size:int average:float t:float log_odds:float method:str"
        ),
    ),
    "expression_fits": TableSchema(
        "one comparison of expression in a cohort: the model, what it left out, and what ComBat did",
        _columns(
            "question_id:str cohort_id:str endpoint:str contrast:str scale:str adjusted_for:str method:str n:int "
            "n_group:int n_reference:int n_left_out:int left_out:str n_columns:int n_genes:int n_untested:int "
            "n_few_counts:int n_higher:int n_lower:int prior_df:float checks:str combat:bool combat_method:str "
            "combat_batches:str n_unchanged:int unchanged_genes:str"
        ),
    ),
    "expression_sets": TableSchema(
        "one gene set of a comparison of expression, with the direction in which its genes moved",
        _columns(
            "question_id:str cohort_id:str endpoint:str contrast:str adjusted_for:str gene_set:str n_genes:int "
            "n_in_set:int n_higher:int mean_effect:float mean_difference:float correlation:float inflation:float "
            "t:float df:float p_value:float q_value:float family:str family_size:int method:str reason:str"
        ),
    ),
    "visits": TableSchema(
        "one value of a feature in a sample before or on treatment, of a question of change",
        _columns(
            "question_id:str cohort_id:str patient_id:str sample_id:str visit:str timepoint:str response:str "
            "feature:str source:str value:float"
        ),
    ),
    "predictions": TableSchema(
        "one patient with the prediction of one model, or of a baseline, that did not see the patient",
        _columns(
            "model:str predictor:str cohort_id:str sample_id:str endpoint:str scheme:str linear:float predicted:float "
            "observed:float time_months:float reason:str filled:str outside:str"
        ),
    ),
    "model_performance": TableSchema(
        "one measure of a model or baseline in one cohort, or pooled over cohorts (cohort_id empty)",
        _columns(
            "model:str predictor:str compared_with:str cohort_id:str measure:str scheme:str endpoint:str n:int "
            "n_events:int estimate:float std_error:float ci_low:float ci_high:float p_value:float k:int tau2:float "
            "i2:float prediction_low:float prediction_high:float method:str left_out:str verdict:str"
        ),
    ),
    "model_curves": TableSchema(
        "one point of a ROC, calibration or decision curve of a model or baseline, out of cohort",
        _columns("model:str predictor:str cohort_id:str curve:str x:float y:float low:float high:float n:int"),
    ),
    "model_coefficients": TableSchema(
        "one column of a model with its coefficient per SD: of all cohorts (left_out empty), or without a part",
        _columns(
            "model:str left_out:str column:str predictor:str coefficient:float centre:float spread:float "
            "l1_ratio:float strength:float n:int n_events:int"
        ),
    ),
    "curves": TableSchema(
        "one step of a Kaplan-Meier curve",
        _columns(
            "cohort_id:str endpoint:str feature:str source:str group:str time_months:float at_risk:int n_events:int "
            "n_censored:int survival:float ci_low:float ci_high:float"
        ),
    ),
    "incidence": TableSchema(
        "one step of a cumulative incidence curve, where other events may come first",
        _columns(
            "question_id:str cohort_id:str endpoint:str feature:str source:str group:str cause:str time_months:float "
            "at_risk:int n_events:int n_other:int incidence:float ci_low:float ci_high:float"
        ),
    ),
    "quality": TableSchema(
        "one check of one cohort", _columns("cohort_id:str check:str status:str value:str evidence:str")
    ),
    "sample_flags": TableSchema(
        "one check that found one sample odd", _columns("cohort_id:str sample_id:str check:str status:str evidence:str")
    ),
    "overlaps": TableSchema(
        "two samples of one patient in two cohorts, or one measurement under two names in one cohort",
        _columns(
            "cohort_a:str sample_a:str patient_a:str cohort_b:str sample_b:str patient_b:str evidence:str "
            "correlation:float n_genes:int"
        ),
    ),
    "gene_mapping": TableSchema(
        "one input gene identifier",
        _columns("cohort_id:str input_id:str gene_symbol:str hgnc_id:str reason:str needed:bool"),
    ),
    "warnings": TableSchema("one warning", _columns("code:str message:str where:str count:int examples:str")),
    "methods": TableSchema(
        "one method that ran",
        _columns(
            "name:str summary:str unit:str scope:str reference:str licence:str commercial_use:bool higher_means:str "
            "ties:str parameters:str"
        ),
    ),
    "signatures": TableSchema(
        "one signature that was scored",
        _columns(
            "name:str title:str category:str n_genes:int reference:str citation:str licence:str limits:str version:str "
            "sha256:str"
        ),
    ),
    "tripod": TableSchema(
        "one item of the TRIPOD+AI checklist for one model",
        _columns("model:str item:str topic:str status:str text:str"),
    ),
    "remark": TableSchema("one item of the REMARK checklist", _columns("item:int topic:str status:str text:str")),
}
"""Every table that a run writes, by name."""


def empty_table(name: str) -> pd.DataFrame:
    """Return a table without rows, with the columns and types of its schema."""
    return shape_table(name, pd.DataFrame(columns=list(SCHEMAS[name].columns)))


def shape_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its schema's columns first, in order and type.

    Raises
    ------
    StoreError
        If a column is absent, or there is one that the schema does not know.
    """
    schema = SCHEMAS[name]
    absent = [c for c in schema.columns if c not in table.columns]
    further = [c for c in table.columns if c not in schema.columns]
    if absent or (further and not schema.open):
        raise StoreError(
            f"the table {name!r} lacks {absent} and has unknown {further}", expected=", ".join(schema.columns)
        )
    shaped = table[[*schema.columns, *further]].reset_index(drop=True)
    return shaped.astype({c: _PANDAS[kind] for c, kind in schema.columns.items()})


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet; the same table gives the same bytes.

    Parameters
    ----------
    table : pandas.DataFrame
        Any index is dropped.
    path : pathlib.Path
        In a folder that is not yet committed, see `tmescope.store.atomic.staged_folder`.
    """
    pq.write_table(as_arrow(table), path, compression="zstd", version="2.6")


def as_arrow(table: pd.DataFrame) -> pa.Table:
    """Return a table as it is written: plain text, and marked as one of tmescope.

    Parameters
    ----------
    table : pandas.DataFrame
        Any index is dropped.
    """
    arrow = pa.Table.from_pandas(table.reset_index(drop=True), preserve_index=False)
    fields = [pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in arrow.schema]
    marks = {b"tmescope.format": b"table", b"tmescope.version": str(FORMAT_VERSION).encode()}
    return arrow.cast(pa.schema([_plain(f) for f in fields])).replace_schema_metadata(marks)


def read_table(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table that `write_table` wrote.

    Raises
    ------
    StoreError
        If the file is not such a table.
    FormatVersionError
        If a newer release wrote it.
    """
    try:
        arrow = pq.read_table(path, columns=list(columns) if columns else None)
    except (pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            f"the table cannot be read: {error}", where=path.name, next_step="run the study again"
        ) from error
    version = int((arrow.schema.metadata or {}).get(b"tmescope.version", b"0"))
    if version > FORMAT_VERSION:
        raise FormatVersionError(
            f"the table is in format {version}; this release reads up to {FORMAT_VERSION}",
            where=path.name,
            next_step="install a newer tmescope",
        )
    kinds = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype(), pa.string(): TEXT}
    return cast(pd.DataFrame, arrow.to_pandas(types_mapper=kinds.get))


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in which no cell can start a formula in a spreadsheet.

    Parameters
    ----------
    table : pandas.DataFrame
        Text cells that begin with ``=``, ``+``, ``-``, ``@`` or a control character get a leading apostrophe; what
        would steer a terminal is escaped.
    path : pathlib.Path
        In a folder that is not yet committed, see `tmescope.store.atomic.staged_folder`.
    """
    safe = table.copy()
    for column in safe.columns:
        if pd.api.types.is_string_dtype(safe[column].dtype) or safe[column].dtype == object:
            safe[column] = inert_cells(safe[column].astype(TEXT))
    safe.to_csv(path, index=False, lineterminator="\n")


def _plain(field: pa.Field) -> pa.Field:
    return pa.field(field.name, pa.string()) if pa.types.is_large_string(field.type) else field
