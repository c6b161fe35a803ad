"""Secrets of people and devices: made from 256 random bits, shown once, kept as SHA-256."""

import re
import secrets
from hashlib import sha256

_FORM = re.compile(r"rw_[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """Make a secret of 256 random bits as 46 characters: `rw_` and base64url without padding."""
    return f"rw_{secrets.token_urlsafe(32)}"


def secret_digest(secret: str) -> str:
    """Give the SHA-256 (64 hex digits) under which a secret is kept.

    A plain hash is enough: 256 random bits cannot be guessed, so there is nothing for a slow hash to slow down.
    """
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def looks_like_secret(text: str) -> bool:
    """Whether `text` has the form of a secret at all."""
    return _FORM.fullmatch(text) is not None
