"""`roadworthy sim`: simulated vehicles, in a process of their own that knows only files and HTTP."""

import os
import sys

import typer


def sim(context: typer.Context) -> None:
    """Run simulated vehicles (see `roadworthy sim --help-fleet`): --fleet FOLDER [--rounds N] [--interval S] ..."""
    arguments = ["--help" if word == "--help-fleet" else word for word in context.args]
    command = [sys.executable, "-m", "roadworthy.vehicle", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - replaces this process: signals reach the simulator itself
