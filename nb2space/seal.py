"""Sealing: the author's code, packed and encrypted for the Space."""

from __future__ import annotations

import base64
import io
import secrets
import zipfile
from collections.abc import Mapping

from nb2space.runtime.bundle import KEY_BYTES, seal_bytes

# The earliest date a ZIP archive can hold: the same files are to give the same bytes at any time.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def new_key() -> str:
    """A fresh random key, as text that fits an environment variable."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


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
