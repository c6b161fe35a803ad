"""Artifacts by content: what was cleared is named by its SHA-256 and can be nothing else.

Notice 45, II.3: version control, traceability, prevention of tampering. Bytes are streamed to disk and hashed on
the way; a file has its final name only once it is whole, so nothing half written is ever served.
"""

from roadworthy.storage.filesystem import ArtifactStore
from roadworthy.storage.interface import Artifact, Artifacts

__all__ = ["Artifact", "ArtifactStore", "Artifacts"]
