"""Gathers every table of the product into the one MetaData."""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

import roadworthy
from roadworthy.database import metadata


def load_tables() -> MetaData:
    """Import the `store` shelf of every folder, which declares its tables; give the MetaData that now has them all."""
    for folder in iter_modules(roadworthy.__path__, "roadworthy."):
        if folder.ispkg and any(shelf.name == "store" for shelf in iter_modules(import_module(folder.name).__path__)):
            import_module(f"{folder.name}.store")
    return metadata
