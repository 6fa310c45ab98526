"""What every step of one run shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmescope.foundation.progress import SILENT, UNCHANGED, Progress

if TYPE_CHECKING:
    from tmescope.facts.installed import Installed
    from tmescope.foundation.errors import TmescopeError
    from tmescope.study.ledger import Ledger, Step
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Study

__all__ = ["Context"]


@dataclass
class Context:
    """One run.

    Parameters
    ----------
    study : Study
        What is asked.
    ledger : Ledger
        Where it is kept.
    needs : Needs
        Methods and signatures, resolved.
    release : str
        Version of tmescope; a new release makes every step anew.
    threads : int
        Threads that methods may use; no answer depends on them.
    progress : Progress
        Listener.
    installed : tuple of Installed
        References that the study pins.
    outcomes : dict
        Step name to its files' hashes, for the steps that are done.
    failed : dict
        Step name to what is wrong, for steps of cells that could not be done.
    """

    study: Study
    ledger: Ledger
    needs: Needs
    release: str
    threads: int = 1
    progress: Progress = SILENT
    installed: tuple[Installed, ...] = ()
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    failed: dict[str, TmescopeError] = field(default_factory=dict)

    @property
    def composes(self) -> bool:
        """Whether cohorts have a table of fractions: a method estimates them, or cells were counted."""
        return bool(self.needs.deconvolution) or any(c.kind == "cells" for c in self.study.cohorts)

    def do(self, step: Step) -> None:
        """Make a step unless it is done, and remember its outcome."""
        self.progress.start(step.name)
        n_redone = len(self.ledger.redone)
        self.outcomes[step.name] = self.ledger.do(step)
        self.progress.finish(step.name, "done" if len(self.ledger.redone) > n_redone else UNCHANGED)
