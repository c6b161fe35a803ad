"""The command line: people, scripts, CI pipelines. It speaks HTTP to a server.

Except init, serve, worker, the two signers, demo, verify, classify and sim, which work on files or open the
database themselves. Data go to standard output, messages to standard error. Exit codes: see `client`.
"""

from roadworthy.cli.main import main

__all__ = ["main"]
