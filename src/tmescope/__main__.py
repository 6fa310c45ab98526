"""``python -m tmescope`` is the command line."""

from __future__ import annotations

from tmescope.cli.main import main

if __name__ == "__main__":
    main()
