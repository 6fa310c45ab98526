"""All figures of a report, in the order in which they are read."""

from __future__ import annotations

from dataclasses import replace

from tmescope.report.accuracy import draw_accuracy
from tmescope.report.agreement import draw_agreement
from tmescope.report.carried_cuts import draw_carried_cuts
from tmescope.report.cell_figures import draw_cell_maps
from tmescope.report.cell_markers import draw_markers
from tmescope.report.cell_quality import draw_cell_quality
from tmescope.report.changes import draw_changes
from tmescope.report.cohort_effects import draw_cohort_effects
from tmescope.report.composition import draw_composition
from tmescope.report.contents import ReportContents
from tmescope.report.correlations import draw_correlations
from tmescope.report.distributions import draw_distributions
from tmescope.report.expression_figures import draw_expression
from tmescope.report.figure import Figure
from tmescope.report.forests import draw_forests
from tmescope.report.incidence_curves import draw_incidence
from tmescope.report.landscape import draw_landscape
from tmescope.report.model_figures import draw_models
from tmescope.report.moderation import draw_moderation
from tmescope.report.pooled_forests import draw_pooled
from tmescope.report.quality_panel import draw_quality
from tmescope.report.restricted_means import draw_restricted_means
from tmescope.report.subtype_map import draw_subtypes
from tmescope.report.survival_curves import draw_survival_curves
from tmescope.report.volcanoes import draw_volcanoes

__all__ = ["draw_figures"]


def draw_figures(contents: ReportContents) -> list[Figure]:
    """Return the figures of a report; a family whose tables are absent gives none.

    Parameters
    ----------
    contents : ReportContents
        Tables of a run.

    Returns
    -------
    list of Figure
        Quality, cells, landscape, composition, agreement, subtypes, correlations, cohort effects, distributions,
        forest plots, pooled effects, expression, volcano plots, moderators, changes, frozen cut-offs, survival,
        restricted means, incidence, prediction models; identifiers are unique.
    """
    families = (
        draw_quality,
        draw_cell_quality,
        draw_cell_maps,
        draw_markers,
        draw_landscape,
        draw_composition,
        draw_agreement,
        draw_accuracy,
        draw_subtypes,
        draw_correlations,
        draw_cohort_effects,
        draw_distributions,
        draw_forests,
        draw_pooled,
        draw_expression,
        draw_volcanoes,
        draw_moderation,
        draw_changes,
        draw_carried_cuts,
        draw_survival_curves,
        draw_restricted_means,
        draw_incidence,
        draw_models,
    )
    figures: list[Figure] = []
    taken: set[str] = set()
    for figure in (f for draw in families for f in draw(contents)):
        # Two names may lose their differences on the way to a file name.
        name, again = figure.id, 2
        while name in taken:
            name, again = f"{figure.id}-{again}", again + 1
        taken.add(name)
        figures.append(figure if name == figure.id else replace(figure, id=name))
    return figures
