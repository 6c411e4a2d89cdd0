"""Auditing a Space folder: every byte of it may be read by the whole world."""

from __future__ import annotations

import base64
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2space.audit.disguise import views
from nb2space.audit.known import Known, known_files
from nb2space.audit.needles import Needles, holds, is_no_code, needles_of
from nb2space.audit.report import KEY, PATH, SECRET, Channel, Leak, Report
from nb2space.audit.search import Piece, search
from nb2space.audit.shown import Share, share_of_markup, share_of_notebook
from nb2space.audit.static import INDEX, is_shown, share_of_static
from nb2space.errors import InputError
from nb2space.keystore import Record, bundle_path
from nb2space.places import author_places
from nb2space.runtime.bundle import BundleError, unpack, unseal_bytes
from nb2space.runtime.codelines import canonical
from nb2space.runtime.masking import Mask
from nb2space.runtime.pieces import SHORTEST, is_drawn
from nb2space.runtime.sealedsecrets import SealedSecrets, sealed_secrets
from nb2space.runtime.within import parts_of
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.space import MANIFEST, STATIC, Manifest, read_manifest

SEALED = "sealed.bin"
# A shorter value stands in too many places by chance.
_SHORTEST_SECRET = 6
CHANNEL = "files of the Space"


def needles_of_folder(folder: Path, record: Record) -> tuple[Needles, tuple[str, ...]]:
    """What to look for in the Space in `folder`, and notes about what could not be read.

    The code comes from the sealed bundle, which is what the app runs, and from the author's own
    notebook where that is still to be found. Raises InputError when the bundle cannot be opened.
    """
    import nbformat

    manifest = read_manifest(folder)
    bundle = _opened(folder, record, manifest)
    notebooks: list[Any] = [nbformat.reads(bundle[NOTEBOOK].decode("utf-8"), as_version=4)]
    sealed = sealed_secrets(notebooks[0])
    author, notes = _author_notebook(record)
    notebooks += [
        _without_secrets(notebook, Mask(sealed.values(record.secrets))) for notebook in author
    ]
    modules = {name: body for name, body in bundle.items() if name.endswith(".py")}
    known = known_files(record.prefix)
    shown = _share_of_published(folder, manifest)
    needles = needles_of(
        notebooks,
        modules,
        common=known.words | _own_words(manifest) | _names_of_packages(folder),
        secrets=_secrets(record, sealed),
        published=f"{manifest.title}\n{manifest.notebook}",
        shown="\n".join(shown.shown),
    )
    if record.options.get("allow_shown_source"):
        needles = _without_shown(needles)
    return needles, notes


def _without_shown(needles: Needles) -> Needles:
    """The needles but for the code that the author lets the outputs show."""
    read = [needles.shown, *views(needles.shown.encode("utf-8", "replace"))]
    visible = canonical("\n".join(read))
    needles.blocks.forget(read)
    kept = tuple(n for n in needles.items if is_no_code(n) or not holds(visible, n))
    return replace(needles, items=kept)


def leaks_in_folder(folder: Path, record: Record, needles: Needles, known: Known) -> Report:
    """Search each file of `folder` for the needles, and look whether the bundle is sealed."""
    manifest = read_manifest(folder)
    channels = search(_pieces(folder, manifest), needles, known)
    if manifest.form == STATIC:
        return Report(channels)
    return Report(tuple(_with(channel, _unsealed(folder, record)) for channel in channels))


def _opened(folder: Path, record: Record, manifest: Manifest) -> dict[str, bytes]:
    # A page without a kernel does not carry the code.
    path = bundle_path(record) if manifest.form == STATIC else folder / SEALED
    try:
        return unpack(unseal_bytes(path.read_bytes(), record.key))
    except (OSError, BundleError):
        raise InputError(
            f"{path} cannot be opened with the key on this machine, so there is "
            "nothing to compare with; convert the notebook again."
        ) from None


def _author_notebook(record: Record) -> tuple[list[Any], tuple[str, ...]]:
    """The author's notebook as it is now, if it is there, with what to say if not."""
    from nb2space.notebook import read_notebook

    if record.options.get("show_source"):
        # What is public of it is marked in the sealed notebook only.
        return [], ()
    try:
        return [read_notebook(Path(record.notebook))], ()
    except InputError:
        return [], (
            f"The notebook {record.notebook} is not there to be read; the code in the sealed "
            "bundle was used, which is what the app runs.",
        )


def _without_secrets(notebook: Any, mask: Mask) -> Any:
    """The author's notebook with the secrets in its code masked: they are looked for by name."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = mask.text(cell.source)
    return notebook


def _secrets(record: Record, sealed: SealedSecrets) -> Iterator[tuple[str, str]]:
    yield KEY, record.key
    yield KEY, record.key.replace("-", "+").replace("_", "/")
    secrets = [(n, v) for n, known in record.secrets.items() for v in sealed.values_of(n, known)]
    secrets += [("of an output", value) for value in sealed.shown]
    for name, value in secrets:
        for part, _ in parts_of(value):
            if len(part) >= _SHORTEST_SECRET:
                yield f"{SECRET} {name}", part
            if is_drawn(part):
                # Of each longer piece of it one of these is a part.
                starts = range(0, len(part) - SHORTEST + 1, SHORTEST // 2)
                yield from ((f"{SECRET} {name}, a piece", part[n:][:SHORTEST]) for n in starts)
    for place in author_places(Path(record.notebook).parent, record.prefix):
        # What lies right below the root may be any word.
        if record.notebook and place.is_private and len(place.parts) > 1:
            yield PATH, place.folder


def _names_of_packages(folder: Path) -> frozenset[str]:
    """Words of the names of what the image installs: packages are public."""
    rows = [
        row
        for name in ("requirements.txt", "apt.txt")
        if (folder / name).is_file()
        for row in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    names = (re.match(r"[\w.-]+(?:\[[\w.,-]+\])?", row) for row in rows)
    return frozenset(word for name in names if name for word in re.findall(r"\w+", name[0]))


def _own_words(manifest: Manifest) -> frozenset[str]:
    """Words of the files' names, which the manifest lists."""
    names = " ".join([manifest.notebook, *(entry.path for entry in manifest.files)])
    return frozenset(re.findall(r"\w+", names))


def _share_of_published(folder: Path, manifest: Manifest) -> Share:
    if manifest.form == STATIC:
        return share_of_static(folder)
    try:
        document = json.loads((folder / manifest.notebook).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Share()
    return share_of_notebook(document) if isinstance(document, dict) else Share()


def _pieces(folder: Path, manifest: Manifest) -> Iterator[Piece]:
    published = _share_of_published(folder, manifest)
    page = share_of_static(folder)
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Piece(CHANNEL, where, os.readlink(path).encode())
        elif path.is_file():
            content = path.read_bytes()
            if is_shown(where):
                # The recorded states are shown as controls are moved, so only code counts in them.
                yield Piece(CHANNEL, where, content, page, loose=where != INDEX)
                continue
            share: Share | None
            if where == manifest.notebook:
                share = published
            elif where == "README.md":
                share = share_of_markup(content.decode("utf-8", errors="replace"))
            else:
                share = None
            yield Piece(CHANNEL, where, content, share)
            # A name is read like a content.
            if where not in (manifest.notebook, MANIFEST):
                yield Piece(CHANNEL, f"the name {where}", where.encode())


def _unsealed(folder: Path, record: Record) -> list[Leak]:
    """A leak when the bundle is readable: without a key, or with another one."""
    from nb2space.seal import new_key

    sealed = (folder / SEALED).read_bytes()
    body = sealed[41:]
    problems = []
    if _bits_per_byte(body) < _expected_bits(len(body)):
        problems.append("its bytes are not evenly spread, as encrypted ones are")
    try:
        unseal_bytes(sealed, new_key())
        problems.append("a random key opens it")
    except BundleError:
        pass
    if base64.urlsafe_b64decode(record.key) in sealed:
        problems.append("the key is in it")
    return [Leak(CHANNEL, SEALED, "sealed", problem, 1) for problem in problems]


def _bits_per_byte(content: bytes) -> float:
    """The entropy of the content's bytes."""
    counts = Counter(content)
    return -sum(n / len(content) * math.log2(n / len(content)) for n in counts.values())


def _expected_bits(length: int) -> float:
    """What random bytes of that length have at least.

    Their expected entropy is 8 - 255 / (2 ln 2 n) bits (Miller and Madow 1955) where n is large;
    of few bytes, as many as there are can differ.
    """
    if length < 2048:
        return 0.85 * min(8.0, math.log2(max(length, 1)))
    return 8 - 255 / (2 * math.log(2) * length) - 0.1


def _with(channel: Channel, leaks: list[Leak]) -> Channel:
    return Channel(channel.name, channel.bytes_looked_at, (*channel.leaks, *leaks))
