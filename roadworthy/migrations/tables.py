"""Gathers every table of the product into the one MetaData."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from roadworthy.database import metadata

_PACKAGE = Path(__file__).parent.parent


def load_tables() -> MetaData:
    """Import the `store` shelf of every folder, which declares its tables; give the MetaData that now has them all."""
    # Found by file: importing a door or the roof, just to look whether it has a store, would import the whole house.
    for folder in sorted(path for path in _PACKAGE.iterdir() if path.is_dir()):
        if (folder / "store.py").exists() or (folder / "store" / "__init__.py").exists():
            import_module(f"roadworthy.{folder.name}.store")
    return metadata
