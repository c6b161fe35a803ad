"""The gate signer: a process of its own that holds only the gate key and gives the second signature.

Notice 45, I.3: no software without filing or approval. Image metadata needs this key's signature, and this
process gives it only over a list of packages each of which a logged gate decision covers now. It believes
nothing it is told: it opens every receipt itself, under the log key it was given at installation.
"""

from roadworthy.gate_signer.service import GateService, listening, serve

__all__ = ["GateService", "listening", "serve"]
