"""People, their roles and their API tokens; who may do what.

Notice 45 (II.1) wants responsibility that can be traced to persons: every act in Roadworthy is that of a named
person, a vehicle or the system itself, and nobody approves the own work (see `database.four_eyes`). Secrets are
shown once and kept as SHA-256 only.
"""
