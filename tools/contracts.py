"""A contract for the plan of the house that import-linter has not: guard a folder also before it exists."""

from typing import Any

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.protected import ProtectedContract


class Guarded(ProtectedContract):
    """Like `protected`, but names of modules that are not there (yet) are passed over."""

    type_name = "guarded"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check what is there."""
        self.protected_modules = _present(graph, self.protected_modules)
        self.allowed_importers = _present(graph, self.allowed_importers)
        return super().check(graph, verbose)


def _present(graph: ImportGraph, expressions: Any) -> Any:
    return [e for e in expressions if e.has_wildcard_expression() or e.expression in graph.modules]
