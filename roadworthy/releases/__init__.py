"""Releases: the software, its dossier, what the law calls it, and the gate (Notice 45, I.3 and II.3).

The manufacturer assesses safety, tests and validates an upgrade, and keeps it traceable, before anything is
sent. The class of an upgrade follows from computed facts: per touched ECU the release declares the parameter
values its software sets, the difference against the registered values gives the class, and nobody types it.
What nobody has said is unknown, and unknown never opens the gate.
"""
