"""One history of the schema for SQLite and PostgreSQL, run by `roadworthy.database.migrate`.

Revisions are frozen: they name plain column types and import nothing of the rooms. `make migration` writes them.
"""
