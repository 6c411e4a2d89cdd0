"""What every viewer of any app gets: the files of installed libraries, and the words in them.

A file whose bytes are an installed package's own cannot hold the author's code, so it is compared
rather than searched; and a word that such files hold tells nothing of the author's.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nb2space.runtime.codelines import canonical

_WORD = re.compile(r"[^\W\d]\w*")
_TEXTS = {".css", ".html", ".j2", ".js", ".json", ".macro", ".py", ".svg"}
_MOST_BYTES = 30_000_000
# Below an environment's share/jupyter, what Voila and its page are made of.
_SHARED = ("voila", "labextensions", "nbextensions", "nbconvert", "lab/themes")
# Packages whose words are in each message and page: the protocol's, the widgets', the server's.
_PACKAGES = ("voila", "ipywidgets", "nbconvert", "jupyter_server/static", "bqplot")
_OF_PROTOCOL = ("jupyter_client/session.py", "ipykernel/kernelbase.py", "ipykernel/comm/comm.py")


@dataclass(frozen=True)
class Known:
    """`digests` (SHA-256) of the libraries' files, and the `words` in them.

    `templates` is the canonical text of the pages' templates: their scripts are in each page.
    """

    digests: frozenset[bytes]
    words: frozenset[str]
    templates: str

    def holds(self, content: bytes) -> bool:
        """True when `content` is a library's file, byte for byte."""
        return hashlib.sha256(content).digest() in self.digests


@lru_cache(maxsize=4)
def known_files(prefix: str = "") -> Known:
    """What the libraries here, and in the environment at `prefix`, give to every viewer."""
    digests = set()
    words: set[str] = set()
    templates = []
    for path in sorted(set(_files(prefix))):
        try:
            if path.stat().st_size > _MOST_BYTES:
                continue
            content = path.read_bytes()
        except OSError:
            continue
        digests.add(hashlib.sha256(content).digest())
        if path.suffix in _TEXTS:
            text = content.decode("utf-8", errors="replace")
            words.update(_WORD.findall(text))
            if path.suffix in (".j2", ".macro", ".html"):
                templates.append(text)
    return Known(frozenset(digests), frozenset(words), canonical("\n".join(templates)))


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
