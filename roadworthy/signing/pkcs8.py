"""Writes a private key as encrypted PKCS#8 (RFC 5958) with PBES2 (RFC 8018): PBKDF2-HMAC-SHA-256, AES-256-CBC.

`cryptography` reads any number of rounds but writes 2,048, too few for a passphrase that people choose. The
structure is four nested sequences, so it is written here; reading stays with `cryptography` (and openssl).
"""

import secrets
from base64 import encodebytes
from hashlib import pbkdf2_hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

ROUNDS = 600_000

_LABEL = b"ENCRYPTED PRIVATE KEY"  # RFC 7468, 11

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")
_AES256_CBC = bytes.fromhex("060960864801650304012a")
_NULL = b"\x05\x00"
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def encrypted_pem(private_key: bytes, passphrase: str, rounds: int = ROUNDS) -> bytes:
    """Encrypt a DER PrivateKeyInfo under `passphrase`; give PEM."""
    salt, start = secrets.token_bytes(16), secrets.token_bytes(16)
    cipher_key = pbkdf2_hmac("sha256", passphrase.encode(), salt, rounds, 32)
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES256(cipher_key), CBC(start)).encryptor()
    secret = encryptor.update(padder.update(private_key) + padder.finalize()) + encryptor.finalize()
    hashing = _der(_SEQUENCE, _HMAC_SHA256, _NULL)
    counted = _der(_INTEGER, rounds.to_bytes(rounds.bit_length() // 8 + 1, "big"))
    derivation = _der(_SEQUENCE, _PBKDF2, _der(_SEQUENCE, _der(_OCTETS, salt), counted, hashing))
    encryption = _der(_SEQUENCE, _AES256_CBC, _der(_OCTETS, start))
    scheme = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, derivation, encryption))
    body = encodebytes(_der(_SEQUENCE, scheme, _der(_OCTETS, secret)))
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (_LABEL, body, _LABEL)


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body
