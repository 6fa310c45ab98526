"""Tables of a run that tell of the cells of an atlas: their schemas."""

from __future__ import annotations

from collections.abc import Mapping

from tmescope.store.table_schema import TableSchema, columns_of

__all__ = ["CELL_SCHEMAS"]

CELL_SCHEMAS: Mapping[str, TableSchema] = {
    "cell_samples": TableSchema(
        "one sample of an atlas of cells: how many cells, and their medians",
        columns_of(
            "cohort_id:str sample_id:str n_cells:int n_labelled:int median_counts:float median_genes:float "
            "median_mt_percent:float"
        ),
    ),
    "cell_groups": TableSchema(
        "the cells of one label in one sample, and whether they were added up and scored",
        columns_of("cohort_id:str sample_id:str label:str n_cells:int n_counts:int added_up:bool reason:str"),
    ),
    "cell_quality": TableSchema(
        "one bin of a measure of the cells of a sample: how many lie at low or above, and below high",
        columns_of("cohort_id:str sample_id:str measure:str low:float high:float n_cells:int"),
    ),
    "cell_markers": TableSchema(
        "one gene that tells a group of cells from all others; it describes cells, and tests nothing of patients",
        columns_of(
            "cohort_id:str group:str gene:str rank:int auc:float log2_fold_change:float fraction_in:float "
            "fraction_out:float"
        ),
    ),
}
"""By name."""
