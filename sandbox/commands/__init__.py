"""The sandbox's command line: one file per family of commands."""
