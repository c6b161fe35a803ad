"""Roadworthy: compliance-gated over-the-air updates for intelligent connected vehicles."""

__version__ = "0.1.0"
