"""The door of authorities and auditors: read-only. First room behind it: the transparency log's tiles.

Tiles and checkpoints hold ids and digests only, so anybody may fetch them and check the log without an account.
"""
