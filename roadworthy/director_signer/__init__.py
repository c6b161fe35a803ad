"""The director signer: a process of its own that holds only director-online and signs what one vehicle is told.

Notice 45, I.3: no software without filing or approval. It takes no bytes to sign: it opens the receipts of the
gate decision and of the vehicle's logged assignment under the log key it was given at installation, and builds
the files itself. A row written straight into the database therefore moves no vehicle.
"""

from roadworthy.director_signer.service import DirectorService, listening, serve

__all__ = ["DirectorService", "listening", "serve"]
