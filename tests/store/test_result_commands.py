"""The command that makes each result of an atlas."""

import pytest
import typer

from tmescope.cli.main import app
from tmescope.store.result_commands import command_of

RESULTS = (
    "qc", "pseudobulk", "variable_genes", "pca", "harmony", "neighbours", "leiden", "umap", "markers", "scores",
)  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_is_made_by_a_command_that_there_is(name):
    atlas = typer.main.get_command(app).commands["atlas"]
    assert command_of(name).removeprefix("tmescope atlas ") in atlas.commands
