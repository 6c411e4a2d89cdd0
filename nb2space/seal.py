"""Sealing: the author's code, packed and encrypted for the Space."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
import zipfile
from collections.abc import Mapping

from nb2space.runtime.bundle import KEY_BYTES, seal_bytes

# The earliest date a ZIP archive can hold: the same files are to give the same bytes at any time.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def new_key() -> str:
    """A fresh random key, as text that fits an environment variable."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


KEY_SECRET = "NB2SPACE_KEY"
"""The environment variable that the app takes its key from."""


def key_secret(key: str) -> str:
    """The name of the Space secret that holds `key`.

    Each key has a name of its own: a Space can be given the next version's key while the version
    before still runs with its own.
    """
    return f"{KEY_SECRET}_{hashlib.sha256(key.encode()).hexdigest()[:8].upper()}"


def key_names(dockerfile: bytes) -> list[str]:
    """The names of the Space secrets that a version takes its key from, by its Dockerfile."""
    return re.findall(rf"{KEY_SECRET}_[0-9A-F]{{8}}", dockerfile.decode("utf-8", "replace"))


def seal(files: Mapping[str, bytes], key: str) -> bytes:
    """The bytes of sealed.bin for `files` (content by relative path): the same for the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.create_system = 3  # the same on every system
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return seal_bytes(buffer.getvalue(), key)
