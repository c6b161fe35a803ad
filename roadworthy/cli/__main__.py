"""`python -m roadworthy.cli`."""

from roadworthy.cli import main

main()
