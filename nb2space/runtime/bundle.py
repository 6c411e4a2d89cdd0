"""sealed.bin: the form in which code reaches the Space, readable with the key only.

Layout: MAGIC (8 bytes), version (1 byte), SHA-256 of what follows (32 bytes), ciphertext. The
ciphertext is AES-SIV (RFC 5297, 512-bit key) of a ZIP archive; magic and version are
authenticated with it. AES-SIV needs no random nonce, so the same input seals to the same bytes.
The digest tells a damaged file from a wrong key; it is of the ciphertext and so says nothing of
the content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import zipfile

MAGIC = b"nb2space"
VERSION = 1
KEY_BYTES = 64
HEADER = MAGIC + bytes([VERSION])
_DIGEST_BYTES = 32


class BundleError(Exception):
    """The sealed bundle cannot be opened; the text is one plain sentence for the log."""


def seal_bytes(plain: bytes, key: str) -> bytes:
    """`plain` sealed with the base64 `key`."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    ciphertext = AESSIV(_raw_key(key)).encrypt(plain, [HEADER])
    return HEADER + hashlib.sha256(ciphertext).digest() + ciphertext


def unseal_bytes(sealed: bytes, key: str) -> bytes:
    """What was sealed. Raises BundleError for a wrong key or a damaged, cut or foreign file."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    if not sealed.startswith(MAGIC) or len(sealed) < len(HEADER) + _DIGEST_BYTES:
        raise BundleError("sealed.bin is not a sealed bundle, or it was cut short; publish again.")
    version = sealed[len(MAGIC)]
    if version != VERSION:
        raise BundleError(
            f"sealed.bin has version {version}, but this runtime reads version {VERSION}; "
            "convert and publish again."
        )
    digest = sealed[len(HEADER) : len(HEADER) + _DIGEST_BYTES]
    ciphertext = sealed[len(HEADER) + _DIGEST_BYTES :]
    if hashlib.sha256(ciphertext).digest() != digest:
        raise BundleError("sealed.bin was altered or cut short on its way; publish again.")
    try:
        return AESSIV(_raw_key(key)).decrypt(ciphertext, [HEADER])
    except InvalidTag:
        raise BundleError(
            "The key in NB2SPACE_KEY does not open sealed.bin; publish again from the machine "
            "that converted the notebook."
        ) from None


def unpack(plain: bytes) -> dict[str, bytes]:
    """The files of an unsealed bundle, by relative path."""
    try:
        with zipfile.ZipFile(io.BytesIO(plain)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # zipfile raises whatever a malformed archive makes it meet
        raise BundleError("sealed.bin holds no archive; convert and publish again.") from None


def _raw_key(key: str) -> bytes:
    if not key:
        raise BundleError(
            "The secret NB2SPACE_KEY is not set, so the notebook stays sealed; publish again."
        )
    try:
        raw = base64.b64decode(key.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise BundleError("The secret NB2SPACE_KEY is not a key of nb2space; publish again.")
    return raw
