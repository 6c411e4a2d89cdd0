"""What every viewer of any app gets: the files of installed libraries, and the words in them.

A file whose bytes are an installed package's own cannot hold the author's code, so it is compared
rather than searched; and a word that such files hold tells nothing of the author's.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nb2space import cache
from nb2space.installed import LARGE, is_installed
from nb2space.runtime.chunks import with_chunks
from nb2space.runtime.codelines import canonical
from nb2space.runtime.styles import THEMES, style_sheet

_WORD = re.compile(r"[^\W\d]\w*")
# For bytes.translate: a blank for each ASCII character that no word has.
_BLANKS = bytes(n if n > 127 or chr(n).isalnum() or chr(n) == "_" else 32 for n in range(256))
_TEXTS = {".css", ".html", ".j2", ".js", ".json", ".macro", ".py", ".svg"}
_LONG_TEXT = re.compile(rb'"(?:[^"\\]|\\.){%d,}"' % LARGE, re.S)
_MOST_BYTES = 30_000_000
# Below an environment's share/jupyter, what Voila and its page are made of.
_SHARED = ("voila", "labextensions", "nbextensions", "nbconvert", "lab/themes")
# Packages whose words are in each message and page: the protocol's, the widgets', the server's.
_PACKAGES = ("voila", "ipywidgets", "nbconvert", "jupyter_server/static", "bqplot")
# Scripts that packages of widgets put into their states: many megabytes, and no words of ours.
_WIDGETS = ("*/static/*.js", "*/static/*.mjs", "*/package_data/*.js")
_OF_PROTOCOL = ("jupyter_client/session.py", "ipykernel/kernelbase.py", "ipykernel/comm/comm.py")


@dataclass(frozen=True)
class Known:
    """`digests` (SHA-256) of the libraries' files, and the `words` in them.

    `templates` is the canonical text of the pages' templates: their scripts are in each page.
    """

    digests: frozenset[bytes]
    words: frozenset[str]
    templates: str
    prefix: str = ""

    def without(self, content: bytes) -> bytes:
        """`content` without the texts in it, as JSON has them, that are a package's own scripts."""
        if len(content) <= LARGE:
            return content
        return _LONG_TEXT.sub(self._kept, content)

    def _kept(self, match: re.Match[bytes]) -> bytes:
        try:
            text = json.loads(match[0])
        except ValueError:
            return match[0]
        return b'""' if is_installed(text, self.prefix) else match[0]

    def holds(self, content: bytes) -> bool:
        """True when `content` is a library's file, byte for byte."""
        return hashlib.sha256(content).digest() in self.digests


def known_files(prefix: str = "") -> Known:
    """What the libraries here, and in the environment at `prefix`, give to every viewer.

    Reading them takes a second, so what was read is kept until one of them is another file.
    """
    return _known("" if prefix == sys.prefix else prefix)


@lru_cache(maxsize=4)
def _known(prefix: str) -> Known:
    scripts, files = list(_widget_scripts(prefix)), sorted(set(_files(prefix)))
    # This file too: what is read of the others is as it says.
    read_from = (*scripts, *files, Path(__file__))
    looked_at = [(str(path), *_size_and_time(path)) for path in read_from]
    key = cache.key_of({"known files": looked_at})
    kept = cache.find(key)
    if kept is None:
        kept = _read(scripts, files)
        cache.keep(key, kept)
    digests = frozenset(map(bytes.fromhex, kept["digests"]))
    return Known(digests, frozenset(kept["words"]), kept["templates"], prefix)


def _read(scripts: Iterable[Path], files: Iterable[Path]) -> dict[str, Any]:
    """The fields of `Known` as plain data."""
    from jupyter_core.paths import jupyter_path

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in scripts}
    runs: set[bytes] = set()
    templates = []
    for path in files:
        try:
            if path.stat().st_size > _MOST_BYTES:
                continue
            content = path.read_bytes()
        except OSError:
            continue
        digests.add(hashlib.sha256(content).hexdigest())
        if path.suffix == ".js":
            # As the app's server sends it.
            digests.add(hashlib.sha256(with_chunks(path)).hexdigest())
        if path.suffix in _TEXTS:
            # Split as bytes, which takes half the time; the libraries have 30 MB.
            runs.update(content.translate(_BLANKS).split())
            if path.suffix in (".j2", ".macro", ".html"):
                templates.append(content.decode("utf-8", errors="replace"))
    # The style sheet that the server makes of the libraries'.
    sheets = (style_sheet([Path(at) for at in jupyter_path()], name) for name in THEMES)
    digests |= {hashlib.sha256(sheet.encode()).hexdigest() for sheet in sheets}
    words = {word for run in runs for word in _WORD.findall(run.decode("utf-8", "replace"))}
    return {
        "digests": sorted(digests),
        "words": sorted(words),
        "templates": canonical("\n".join(templates)),
    }


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _widget_scripts(prefix: str) -> Iterator[Path]:
    """The scripts of widgets' packages here and in the environment at `prefix`."""
    for place in {sys.prefix, prefix} - {""}:
        for site in Path(place).glob("lib/python*/site-packages"):
            for pattern in _WIDGETS:
                yield from (path for path in site.glob(pattern) if path.is_file())


def _files(prefix: str) -> Iterator[Path]:
    import sysconfig
    from importlib import import_module

    from jupyter_core.paths import jupyter_path

    shares = [Path(path) for path in jupyter_path()]
    shares += [Path(at) / "share" / "jupyter" for at in {sys.prefix, prefix} - {""}]
    folders = [share / name for share in shares for name in _SHARED]
    site = Path(sysconfig.get_path("purelib"))
    folders += [site / name for name in _PACKAGES]
    for package in ("nb2space.runtime", "nb2space.templates"):
        folders += [Path(part) for part in import_module(package).__path__]
    for folder in folders:
        yield from (path.resolve() for path in folder.rglob("*") if path.is_file())
    yield from (site / name for name in _OF_PROTOCOL if (site / name).is_file())
