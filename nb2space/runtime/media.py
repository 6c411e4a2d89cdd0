"""Pictures without what programs write into them beside the picture.

Plotting libraries and cameras add texts: the software and its version, titles, paths, places. A
viewer needs none of it. What cannot be read as the format it claims is left as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from .comments import without_unseen

_PNG = b"\x89PNG\r\n\x1a\n"
# PNG specification, third edition, chapter 11.3: the chunks that hold text, dates and Exif.
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
_PNG_END = b"IEND"

_JPEG = b"\xff\xd8"
# ITU-T T.81, table B.1: APP1 holds Exif and XMP, APP13 Photoshop's texts, COM a comment.
_JPEG_TEXTS = {0xE1, 0xED, 0xFE}
_JPEG_SCAN = 0xDA

_GIF = (b"GIF87a", b"GIF89a")
# GIF89a specification, chapters 20 to 27.
_GIF_PICTURE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B
_GIF_CONTROL, _GIF_APPLICATION = 0xF9, 0xFF
# How often an animation is repeated; other applications' blocks are texts such as XMP.
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")

# RFC 9649, chapter 2.7: the chunks that hold texts, and the flags that tell of them.
_WEBP_TEXTS = {b"EXIF", b"XMP "}
_WEBP_FLAGS = 0x08 | 0x04

# How a drawing may begin, behind a mark of its encoding and blanks.
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,10000}<(?:svg|\?xml|!--|!DOCTYPE)", re.I)

_DATA_URL = re.compile(
    r"data:(image\\?/[\w.+-]{1,40})((?:;[\w.=-]{1,60}){0,4}),"
    r"([^\s\"'()<>\\]*"
    # Base64 may be broken into lines: as long ones as MIME has, or up to an attribute's end.
    r"(?:[ \t\r]*\n[ \t\r]*[A-Za-z0-9+/=]{60,})*"
    r"(?:[ \t\r]*\n[ \t\r]*[A-Za-z0-9+/=]{1,80}(?=\s*[\"']))?)"
)


def bare_picture(mime: str, data: str) -> str:
    """The picture of a MIME bundle (base64; SVG as text) without its texts."""
    if mime == "image/svg+xml":
        return bare_svg(data)
    try:
        raw = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return data
    bare = bare_bytes(raw)
    return data if bare == raw else base64.b64encode(bare).decode("ascii")


def bare_svg(text: str) -> str:
    """An SVG without comments and descriptions, with bare pictures in it."""
    return bare_data_urls(without_unseen(text))


def bare_data_urls(text: str) -> str:
    """`text` with the pictures in its data: URLs without their texts."""
    return _DATA_URL.sub(_bare_url, text) if "data:image" in text else text


def _bare_url(match: re.Match[str]) -> str:
    mime, options, payload = match[1].replace("\\", ""), match[2], match[3]
    if options.endswith(";base64"):
        coded = unquote("".join(payload.split()))
        if mime == "image/svg+xml":
            bare = _through_bytes(coded, _bare_svg_bytes)
        else:
            bare = bare_picture(mime, coded)
        if bare == coded:
            return match[0]
    elif mime == "image/svg+xml":
        plain = unquote(payload)
        svg = bare_svg(plain)
        if svg == plain:
            return match[0]
        bare = quote(svg)
    else:
        return match[0]
    return f"data:{match[1]}{options},{bare}"


def _through_bytes(coded: str, change: Callable[[bytes], bytes]) -> str:
    try:
        raw = base64.b64decode(coded, validate=False)
        changed = change(raw)
    except ValueError:  # no base64, or no text where one should be
        return coded
    return coded if changed == raw else base64.b64encode(changed).decode("ascii")


def bare_buffer(buffer: Any) -> Any:
    """A widget's binary buffer; without its texts when it is a picture."""
    if bytes(buffer[:16]).startswith((_PNG, _JPEG, *_GIF, b"RIFF")) or _SVG.match(buffer):
        return bare_bytes(bytes(buffer))
    return buffer


def bare_bytes(raw: bytes) -> bytes:
    """A picture file's bytes without its texts; what is no picture as it is."""
    for head, bare in _FORMATS:
        if raw.startswith(head):
            try:
                return bare(raw)
            except (IndexError, ValueError):
                return raw
    try:
        return _bare_svg_bytes(raw) if _SVG.match(raw) else raw
    except ValueError:
        return raw


def _bare_svg_bytes(raw: bytes) -> bytes:
    text = raw.decode("utf-8")
    return bare_svg(text).encode("utf-8") if "<svg" in text else raw


def _bare_png(raw: bytes) -> bytes:
    kept, place = [_PNG], len(_PNG)
    while place < len(raw):
        length = int.from_bytes(raw[place : place + 4], "big")
        end = place + 12 + length
        kind = raw[place + 4 : place + 8]
        if kind not in _PNG_TEXTS:
            kept.append(raw[place:end])
        # What follows the picture's end is not of the picture.
        place = len(raw) if kind == _PNG_END else end
    return b"".join(kept)


def _bare_jpeg(raw: bytes) -> bytes:
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


def _bare_gif(raw: bytes) -> bytes:
    place = _after_table(raw, 10, 13)
    kept = [raw[:place]]
    while place < len(raw):
        start, kind = place, raw[place]
        if kind == _GIF_PICTURE:
            # The picture's own colours, and the first size of its codes.
            place = _after_table(raw, start + 9, start + 10) + 1
        elif kind == _GIF_EXTENSION:
            place += 2
        else:
            return b"".join([*kept, bytes([_GIF_END])]) if kind == _GIF_END else raw
        first = raw[place + 1 : place + 1 + raw[place]]
        while raw[place]:
            place += 1 + raw[place]
        place += 1
        label = raw[start + 1]
        if (
            kind == _GIF_PICTURE
            or label == _GIF_CONTROL
            or (label == _GIF_APPLICATION and first in _GIF_LOOPS)
        ):
            kept.append(raw[start:place])
    return b"".join(kept)


def _after_table(raw: bytes, flags: int, end: int) -> int:
    """Where the colour table ends that may follow a header that ends at `end`."""
    return end + (3 << (raw[flags] & 7) + 1 if raw[flags] & 0x80 else 0)


def _bare_webp(raw: bytes) -> bytes:
    if raw[8:12] != b"WEBP":
        return raw
    kept, place = [b"WEBP"], 12
    while place + 8 <= len(raw):
        size = int.from_bytes(raw[place + 4 : place + 8], "little")
        end = place + 8 + size + size % 2
        chunk, kind = raw[place:end], raw[place : place + 4]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:]
        if kind not in _WEBP_TEXTS:
            kept.append(chunk)
        place = end
    body = b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


_FORMATS: tuple[tuple[bytes | tuple[bytes, ...], Callable[[bytes], bytes]], ...] = (
    (_PNG, _bare_png),
    (_JPEG, _bare_jpeg),
    (_GIF, _bare_gif),
    (b"RIFF", _bare_webp),
)
