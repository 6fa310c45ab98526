"""Tables that tell what papers and trials of a lake mention: the landscape of a subject, and what a watch found."""

from __future__ import annotations

from collections.abc import Mapping

from tmescope.store.table_schema import TableSchema, columns_of

__all__ = ["HORIZON_SCHEMAS"]

HORIZON_SCHEMAS: Mapping[str, TableSchema] = {
    "landscape_trials": TableSchema(
        "one trial of a subject, and the part of its record that names the subject",
        columns_of(
            "subject:str doc_id:str nct_id:str title:str found_in:str phase:str status:str study_type:str sponsor:str "
            "sponsor_class:str countries:str enrolment:int enrolment_type:str start_on:str start_precision:str "
            "start_type:str first_posted_on:str last_update_posted_on:str late:bool"
        ),
    ),
    "landscape_counts": TableSchema(
        "distinct trials of a subject with one value of an axis; a trial counts in each of its countries",
        columns_of("subject:str axis:str value:str n_trials:int doc_ids:str"),
    ),
    "landscape_crossed": TableSchema(
        "distinct trials of a subject with one value of each of two axes",
        columns_of("subject:str row_axis:str row:str column_axis:str column:str n_trials:int doc_ids:str"),
    ),
    "landscape_first": TableSchema(
        "one trial that may be the first in humans of a subject, as far as dates of the registry tell",
        columns_of(
            "subject:str doc_id:str title:str phase:str sponsor:str on:str precision:str dated_by:str certain:bool "
            "found_in:str"
        ),
    ),
    "landscape_partners": TableSchema(
        "what stands beside a subject in one arm, with the distinct trials that give both",
        columns_of("subject:str partner:str name:str known:bool n_trials:int arms:str doc_ids:str"),
    ),
    "landscape_formats": TableSchema(
        "distinct trials of a subject that name a modality, by phase; those that name it in their summary alone apart",
        columns_of("subject:str modality:str name:str phase:str n_trials:int n_summary_only:int doc_ids:str"),
    ),
    "landscape_actors": TableSchema(
        "one lead sponsor of trials of a subject",
        columns_of(
            "subject:str sponsor:str sponsor_class:str n_trials:int n_active:int phases:str countries:str "
            "first_posted_on:str last_posted_on:str doc_ids:str active_doc_ids:str"
        ),
    ),
    "landscape_gaps": TableSchema(
        "one modality and phase, or one condition, of which the lake has trials, but none of the subject",
        columns_of("subject:str kind:str value:str name:str phase:str is_tumour:bool n_lake:int doc_ids:str"),
    ),
    "horizon_sources": TableSchema(
        "documents of one kind and source that a study of a lake counts",
        columns_of("kind:str source:str n_documents:int n_mentioning:int first_entered_on:str last_entered_on:str"),
    ),
    "horizon_areas": TableSchema(
        "one focus area: how many documents belong to it, and what its ranking rests on",
        columns_of(
            "focus:str title:str n_documents:int n_ranked:int n_pairs_met:int dispersion:float first_quarter:str "
            "last_quarter:str n_quarters:int masked:str notes:str"
        ),
    ),
    "horizon_documents": TableSchema(
        "one of the newest documents that name an entity or a pair of a focus area; n of its kind are counted in all",
        columns_of("focus:str entity_a:str entity_b:str kind:str n:int doc_id:str entered_on:str title:str"),
    ),
    "horizon_changes": TableSchema(
        "one thing that is new since a day for what is watched; documents that it reaches are in related",
        columns_of(
            "watch:str kind:str what:str doc_id:str title:str on:str entity:str before:str after:str related:str"
        ),
    ),
}
"""By name."""
