"""An authority's server for the demo and for tests: it answers as authorities do, and misbehaves when it is told to.

It knows nothing of Roadworthy but the form of a packet. It accepts, returns with remarks, refuses, is slow, loses its
answers, and answers twice; what it received it keeps.
"""

from roadworthy.mock_authority.app import create_app
from roadworthy.mock_authority.desk import Desk, Scenario

__all__ = ["Desk", "Scenario", "create_app"]
