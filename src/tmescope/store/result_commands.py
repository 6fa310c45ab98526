"""The command that makes each result of an atlas."""

from __future__ import annotations

__all__ = ["command_of"]

_COMMANDS = {"harmony": "integrate", "leiden": "cluster", "scores": "score"}
"""Of results that are not called like theirs."""


def command_of(name: str) -> str:
    """Return the command that makes a result.

    Parameters
    ----------
    name : str
        Of the result.
    """
    return f"tmescope atlas {_COMMANDS.get(name, name.replace('_', '-'))}"
