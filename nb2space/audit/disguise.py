"""The texts that some bytes hold, in whatever form: escaped, encoded, packed, coloured.

`views` gives each of them once. None of the forms is trusted to be well-formed: what cannot be
undone is looked at as it is.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import html
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from nb2space.runtime.undoing import (
    unescape,
    unquote,
    without_breaks,
    without_colours,
    without_tags,
)

# How deep one form inside another is followed, and how large what was packed may become.
_DEPTH = 8
# The most texts that undoing makes of one; two forms inside each other make some ten.
_MOST_VIEWS = 60
_MOST_BYTES = 64_000_000

# Base64 in lines, as MIME and Python's encodebytes break it.
_BROKEN_BASE64 = re.compile(
    r"\r?\n(?=[A-Za-z0-9+/=])(?:(?<=[A-Za-z0-9+/]{64}\n)|(?<=[A-Za-z0-9+/]{64}\r\n))"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
# Where a run of this length starts is taken for where the encoded bytes start.
_LONG_RUN = 4096
_READABLE = re.compile(rb"[\x20-\x7e\t\n\r\x80-\xff]{6}")

# What no text has, and the runs of a text that lie between such; colours and blanks are text.
_NOISE = re.compile(r"[\x00-\x08\x0e-\x1a\x7f\ufffd]")
_READABLE_RUN = re.compile(r"[^\x00-\x08\x0e-\x1a\x7f\ufffd]{4,}")

_LITTLE = re.compile(rb"(?:[\x09\x0a\x0d\x20-\xff]\x00){6,}")
_BIG = re.compile(rb"(?:\x00[\x09\x0a\x0d\x20-\xff]){6,}")

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TEXT = {b"tEXt", b"zTXt", b"iTXt", b"eXIf"}
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)


Gained = TypeVar("Gained")


def views(data: bytes) -> Iterator[str]:
    """Every text that `data` holds, as it is and with each disguise undone."""
    for texts in layers(data, texts_of):
        yield from texts


def layers(data: bytes, read: Callable[[bytes], tuple[Gained, list[bytes]]]) -> Iterator[Gained]:
    """What `read` gains of `data`, of what is encoded or packed in it, and so on.

    Beside that, `read` gives what is encoded or packed, as `texts_of` finds it.
    """
    seen: set[int] = set()
    waiting = [(data, 0)]
    while waiting:
        content, depth = waiting.pop()
        if (mark := hash(content)) in seen:
            continue
        seen.add(mark)
        gained, inner = read(content)
        yield gained
        if depth < _DEPTH:
            waiting += [(part, depth + 1) for part in inner]


def texts_of(data: bytes) -> tuple[list[str], list[bytes]]:
    """The texts of `data`, each disguise undone, and what is encoded in them or packed in it."""
    found = list(dict.fromkeys(view for text in _texts(data) for view in _undone(text)))
    inner = [part for view in found for part in _encoded(view)]
    return found, list(dict.fromkeys((*inner, *_members(data))))


def packed(data: bytes) -> Iterator[bytes]:
    """`data`, and what is packed in it: members of archives, compressed parts, one in another."""
    waiting = [(data, 0)]
    while waiting:
        content, depth = waiting.pop()
        yield content
        if depth < _DEPTH:
            waiting += [(part, depth + 1) for part in _members(content)]


def _texts(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", errors="replace")
    # Pictures and archives are noise for the greatest part: only what can be read is undone.
    yield "\n".join(_READABLE_RUN.findall(text)) if _NOISE.search(text) else text
    if b"\0" not in data:
        return
    if data.count(0) * 5 > len(data):
        for start in (0, 1):
            for order in ("utf-16-le", "utf-16-be"):
                yield data[start:].decode(order, errors="replace")
    for pattern, order in ((_LITTLE, "utf-16-le"), (_BIG, "utf-16-be")):
        runs = [run.decode(order, errors="replace") for run in pattern.findall(data)]
        if runs:
            yield "\n".join(runs)


def _undone(text: str) -> Iterator[str]:
    """`text`, and what undoing escapes, entities, tags and colours makes of it, in every order.

    Each step may destroy what another would have shown, so none is simply done first.
    """
    seen = {hash(text)}
    waiting = deque([text])
    while waiting:
        view = waiting.popleft()
        yield view
        for undo in _STEPS:
            changed = undo(view)
            if hash(changed) not in seen and len(seen) < _MOST_VIEWS:
                seen.add(hash(changed))
                waiting.append(changed)


_STEPS = (unescape, html.unescape, without_colours, without_tags, unquote, without_breaks)


def _encoded(text: str) -> Iterator[bytes]:
    """What the runs of base64 and hexadecimal digits in `text` stand for, where it is readable."""
    small: list[bytes] = []
    joined = _BROKEN_BASE64.sub("", text)
    for run in _BASE64.findall(joined):
        plain = run.rstrip("=").replace("-", "+").replace("_", "/")
        if len(plain) > _LONG_RUN:
            yield _from_base64(plain)
            continue
        for start in range(4):
            part = _from_base64(plain[start:])
            if part.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x78", _PNG, b"BZh", b"\xfd7z")):
                yield part
            if _READABLE.search(part):
                small.append(part)
    small += [bytes.fromhex(run) for run in _HEX.findall(joined)]
    if small:
        yield b"\n".join(small)


def _from_base64(plain: str) -> bytes:
    whole = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):
        return b""


def _members(data: bytes) -> Iterator[bytes]:
    """What is packed in `data`: members of archives, text chunks of pictures, streams of PDF."""
    if data.startswith(b"\x1f\x8b"):
        yield _inflated(data, 31)
    elif data[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        yield _inflated(data, 15)
    elif data.startswith(b"BZh"):
        yield _unpacked(bz2.BZ2Decompressor().decompress, data)
    elif data.startswith(b"\xfd7zXZ"):
        yield _unpacked(lzma.LZMADecompressor().decompress, data)
    elif data.startswith(_PNG):
        yield from _png_texts(data)
    elif data.startswith(b"%PDF"):
        for stream in _PDF_STREAM.findall(data):
            yield _inflated(stream, 15)
    if b"PK\x03\x04" in data:
        yield from _zip_members(data)
    if data[257:262] == b"ustar":
        yield from _tar_members(data)


def _inflated(data: bytes, window: int) -> bytes:
    try:
        return zlib.decompressobj(window).decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""


def _unpacked(decompress: Callable[..., bytes], data: bytes) -> bytes:
    try:
        return decompress(data, max_length=_MOST_BYTES)
    except (OSError, EOFError, lzma.LZMAError):
        return b""


def _zip_members(data: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                yield entry.filename.encode() + b"\n" + entry.comment
                if entry.file_size <= _MOST_BYTES and not entry.flag_bits & 1:
                    yield archive.read(entry)
    except Exception:  # zipfile raises whatever a malformed archive makes it meet
        return


def _tar_members(data: bytes) -> Iterator[bytes]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                member = archive.extractfile(entry) if entry.isfile() else None
                if member:
                    yield member.read(_MOST_BYTES)
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return


def _png_texts(data: bytes) -> Iterator[bytes]:
    place = len(_PNG)
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length
        if name not in _PNG_TEXT:
            continue
        yield body
        # The text of zTXt and iTXt may be compressed, after a keyword and a few flags.
        for mark in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
            if mark in body:
                yield _inflated(body[body.index(mark) :], 15)
