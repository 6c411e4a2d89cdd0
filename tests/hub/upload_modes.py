"""Which files the Hub wants as LFS, and which it ignores, as preupload answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

REGULAR_LIMIT = 10 * 1024 * 1024
"""Regular files of more bytes are refused in a commit, so they are asked for as LFS."""

_LFS_PATTERNS = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack "
    "*.npy *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors "
    "saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*"
)
_LFS_ATTRIBUTES = "filter=lfs diff=lfs merge=lfs -text"

DEFAULT_ATTRIBUTES = "".join(f"{pattern} {_LFS_ATTRIBUTES}\n" for pattern in _LFS_PATTERNS.split())
"""The ``.gitattributes`` of a new repo."""


def _lfs_patterns(attributes: str) -> Iterator[str]:
    for line in attributes.splitlines():
        words = line.split()
        if len(words) > 1 and not line.startswith("#") and "filter=lfs" in words[1:]:
            yield words[0].strip('"').replace("[[:space:]]", " ")


def _matches(path: str, pattern: str) -> bool:
    """Git's rule, near enough: without a slash the pattern is for the file name alone."""
    if "/" not in pattern.strip("/"):
        return fnmatchcase(path.rsplit("/", 1)[-1], pattern.strip("/"))
    return fnmatchcase(path, pattern.lstrip("/").replace("**/", "*"))


def tracked(path: str, attributes: str) -> bool:
    """Whether ``.gitattributes`` sends this path to LFS."""
    return any(_matches(path, pattern) for pattern in _lfs_patterns(attributes))


def track(path: str, attributes: str) -> str:
    """``.gitattributes`` with a line for this path, as the Hub adds it for an LFS file."""
    if tracked(path, attributes):
        return attributes
    line = f"{path.replace(' ', '[[:space:]]')} {_LFS_ATTRIBUTES}\n"
    return attributes + ("" if not attributes or attributes.endswith("\n") else "\n") + line


def looks_binary(sample: bytes) -> bool:
    """Whether the first bytes of a file (the client sends up to 512) are not UTF-8 text."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        # The sample may end in the middle of a character: that alone does not make it binary.
        return not (len(sample) >= 512 and error.end == len(sample) and error.start >= 509)
    return False


def upload_mode(path: str, size: int, sample: bytes, attributes: str) -> str:
    """``lfs`` or ``regular``, the two values the client accepts (``_validate_preupload_info``)."""
    if size and (size > REGULAR_LIMIT or tracked(path, attributes) or looks_binary(sample)):
        return "lfs"
    return "regular"


def ignored(path: str, gitignore: str) -> bool:
    """Whether a ``.gitignore`` covers the path (the common forms of patterns only)."""
    answer = False
    for line in gitignore.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        negated = pattern.startswith("!")
        pattern = pattern.lstrip("!")
        parents = re.findall(r"[^/]+(?:/|\Z)", path)
        heads = ["".join(parents[: end + 1]).rstrip("/") for end in range(len(parents))]
        # A pattern with a trailing slash is for folders, so the file itself does not count.
        candidates = heads[:-1] if pattern.endswith("/") else heads
        if any(_matches(head, pattern) for head in candidates):
            answer = not negated
    return answer
