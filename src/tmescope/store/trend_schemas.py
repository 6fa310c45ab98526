"""Tables of a run that tell what is written about more and more: their schemas."""

from __future__ import annotations

from collections.abc import Mapping

from tmescope.store.table_schema import TableSchema, columns_of

__all__ = ["TREND_SCHEMAS"]

TREND_SCHEMAS: Mapping[str, TableSchema] = {
    "trends": TableSchema(
        "one entity of a focus area: how its share of the literature changes a year, the surest rise first",
        columns_of(
            "entity_id:str entity_type:str name:str focus:str rank:int n_documents:int n_reviews:int n_preprints:int "
            "n_trials:int n_last_year:int slope:float std_error:float ci_low:float ci_high:float shrunk_slope:float "
            "lower_bound:float p_value:float q_value:float burst:str first_on:str flags:str"
        ),
    ),
    "trend_counts": TableSchema(
        "documents of one kind that name an entity in a quarter of their entry, beside all of that kind",
        columns_of("focus:str entity_id:str quarter:str kind:str n:int corpus:int masked:bool"),
    ),
    "trend_pairs": TableSchema(
        "two entities that papers name together, beside how many would by chance, the surest excess first",
        columns_of(
            "focus:str entity_a:str entity_b:str name_a:str name_b:str n:int expected:float shrunk_ratio:float "
            "ratio_low:float ratio_high:float "
            "first_on:str confirmed_on:str novel_on:str n_groups:int"
        ),
    ),
    "lead_times": TableSchema(
        "one entity: its first paper, its first trial, and why it does not count where it does not",
        columns_of(
            "entity_id:str entity_type:str first_paper_on:str first_trial_on:str months:float followed:bool reason:str"
        ),
    ),
    "lead_curve": TableSchema(
        "share of entities that no trial has followed so many months after their first paper",
        columns_of("months:float at_risk:int n_followed:int share:float ci_low:float ci_high:float"),
    ),
    "backtest": TableSchema(
        "one ranking with what was known on a day, and how many of its first k came true afterwards",
        columns_of(
            "frozen_on:str outcome:str ranking:str k:int n_hits:int n:int n_hits_total:int precision:float "
            "ci_low:float ci_high:float enrichment:float enrichment_low:float enrichment_high:float p_value:float"
        ),
    ),
    "backtest_entities": TableSchema(
        "one entity of a backtest: how it was ranked with what was known, and what came of it",
        columns_of(
            "frozen_on:str entity_id:str entity_type:str rank:int n_documents:int n_last_year:int lower_bound:float "
            "n_before:int n_after:int growth:float growth_p_value:float grew:bool first_trial:bool "
            "had_trial:bool"
        ),
    ),
}
"""By name."""
