"""An image repository in memory with all its keys, for tests that publish."""

from datetime import datetime, timedelta

from roadworthy.signing.image_repository import (
    assemble,
    first_set,
    make_targets,
    next_set,
    released_portion,
    sign_portion,
)
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import ImageSet, ImageTarget, RoleKeys
from roadworthy.signing.roots import image_roles, make_root
from tests.signing.logbook import GATE, IMAGE, NOON, PATH, SHA256

TARGET = ImageTarget(PATH, SHA256, len(IMAGE), ("adcu-hw3",), 42, (GATE,))


class ImageWorld:
    """Keys of every role and a moment."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.root, self.targets, self.release, self.gate, self.online = (
            SigningKey.generate(name) for name in ("image-root", "image-targets", "release", "gate", "image-online")
        )

    def roles(self) -> dict[str, RoleKeys]:
        return image_roles(self.root.public_key, self.targets.public_key, self.online.public_key)

    def make_root(self, version: int = 1, *more: SigningKey) -> bytes:
        return make_root(version, self.now + timedelta(days=365), self.roles(), [self.root, *more])

    def make_targets(self, version: int = 1) -> bytes:
        expires = self.now + timedelta(days=90)
        return make_targets(version, expires, self.release.public_key, self.gate.public_key, [self.targets])

    def make_released(self, version: int = 1, targets=(TARGET,), signers=None, life=timedelta(hours=24)) -> bytes:
        portion = released_portion(version, self.now + life, list(targets))
        signers = [self.release, self.gate] if signers is None else signers
        return assemble(portion, [sign_portion(portion, key) for key in signers])

    def first(self, released: bytes | None = None) -> ImageSet:
        released = released or self.make_released()
        return first_set(self.make_root(), self.make_targets(), released, self.now, self.online)

    def next(self, current: ImageSet, **files: bytes) -> ImageSet:
        return next_set(current, self.now, self.online, **files)
