"""The command line: one file per command group. Only this room prints."""
