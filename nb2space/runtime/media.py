"""Pictures without what programs write into them beside the picture.

Plotting libraries and cameras add texts: the software and its version, titles, paths, places. A
viewer needs none of it. What cannot be read as the format it claims is left as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

_PNG = b"\x89PNG\r\n\x1a\n"
# PNG specification, third edition, chapter 11.3: the chunks that hold text, dates and Exif.
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}

_JPEG = b"\xff\xd8"
# ITU-T T.81, table B.1: APP1 holds Exif and XMP, APP13 Photoshop's texts, COM a comment.
_JPEG_TEXTS = {0xE1, 0xED, 0xFE}
_JPEG_SCAN = 0xDA

_SVG_EXTRAS = re.compile(
    r"<!--.*?-->|<metadata\b.*?</metadata\s*>|<(?:title|desc)\b[^>]*>\s*</(?:title|desc)\s*>",
    re.DOTALL | re.IGNORECASE,
)


def bare_picture(mime: str, data: str) -> str:
    """The picture of a MIME bundle (base64; SVG as text) without its texts."""
    if mime == "image/svg+xml":
        return _SVG_EXTRAS.sub("", data)
    bare = {"image/png": _bare_png, "image/jpeg": _bare_jpeg}.get(mime)
    if bare is None:
        return data
    try:
        raw = base64.b64decode(data, validate=False)
        return base64.b64encode(bare(raw)).decode("ascii")
    except (binascii.Error, ValueError, IndexError):
        return data


def bare_buffer(buffer: Any) -> Any:
    """A widget's binary buffer; without its texts when it is a picture."""
    head = bytes(buffer[: len(_PNG)])
    if head.startswith(_PNG):
        return _bare_png(bytes(buffer))
    if head.startswith(_JPEG):
        return _bare_jpeg(bytes(buffer))
    return buffer


def _bare_png(raw: bytes) -> bytes:
    if not raw.startswith(_PNG):
        return raw
    kept, place = [_PNG], len(_PNG)
    while place < len(raw):
        length = int.from_bytes(raw[place : place + 4], "big")
        end = place + 12 + length
        if raw[place + 4 : place + 8] not in _PNG_TEXTS:
            kept.append(raw[place:end])
        place = end
    return b"".join(kept)


def _bare_jpeg(raw: bytes) -> bytes:
    if not raw.startswith(_JPEG):
        return raw
    kept, place = [_JPEG], len(_JPEG)
    while place + 4 <= len(raw):
        if raw[place] != 0xFF:
            return raw
        marker = raw[place + 1]
        if marker == _JPEG_SCAN:
            break
        end = place + 2 + int.from_bytes(raw[place + 2 : place + 4], "big")
        if marker not in _JPEG_TEXTS:
            kept.append(raw[place:end])
        place = end
    return b"".join([*kept, raw[place:]])
