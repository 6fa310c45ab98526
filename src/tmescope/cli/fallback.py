"""A group of commands whose name alone is a command too: ``tmescope score FILE`` beside ``tmescope score fit FILE``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["FallbackGroup"]

_HELP = ("--help", "-h")


class FallbackGroup(TyperGroup):
    """Runs the command that was added first where the first word names none of the group's commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the first command's name before words that do not begin with a command or a call for help.

        Parameters
        ----------
        ctx : typer.Context
            Of the call.
        args : list of str
            Words behind the group's name.
        """
        if not args or args[0] not in (*self.commands, *_HELP):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)
