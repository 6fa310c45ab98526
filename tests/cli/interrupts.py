"""How a child process of a test hears Ctrl-C wherever the tests themselves run."""

from __future__ import annotations

import sys

HEARING = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)
"""Goes before a command, and undoes what a shell does to its background jobs: they and their children ignore Ctrl-C."""
