"""One group holds every command about atlases, and they name what they share alike."""

from __future__ import annotations

import typer

from tmescope.cli.main import app

PASSES = {"qc", "pseudobulk", "variable-genes", "pca", "score", "markers"}
GRAPH = {"integrate", "neighbours", "cluster", "umap"}
STORE = {"restore", "ingest", "info", "verify", "export"}


def _options(command):
    return {name for p in command.params for name in p.opts}


def test_all_commands_about_atlases_are_in_one_group():
    group = typer.main.get_command(app).commands["atlas"]
    assert set(group.commands) == PASSES | GRAPH | STORE
    for name in PASSES:
        assert {"--threads", "--workers", "--cluster", "--quiet"} <= _options(group.commands[name]), name
    for name in GRAPH | PASSES | STORE - {"ingest", "restore"}:
        assert "atlas" in {p.name for p in group.commands[name].params}, name
