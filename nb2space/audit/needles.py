"""What an audit looks for: the pieces of the author's code that nobody else is to have."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nb2space.audit.report import KEY, PATH, SECRET
from nb2space.audit.source import Parts, parts_of
from nb2space.runtime.codeblocks import Blocks, block_texts
from nb2space.runtime.codelines import TOKEN, WORD, canonical, telling_rows
from nb2space.runtime.masking import DISTINCT
from nb2space.tags import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb2space.notebook import Notebook

_SHORTEST_NAME = 5
_SHORTEST_LITERAL = 6
_SHORTEST_TEXT = 12
_SHORTEST_COMMENT = 8
# A text or line of this length is found where it begins or ends within a word, too.
_LONG_LITERAL = 12


@dataclass(frozen=True)
class Needle:
    """One thing to look for.

    `tokens` is its canonical form (see `canonical`). A `strong` needle is code by its shape, so
    that it is a leak wherever it stands; the others, words and texts that an app may show on
    purpose, are leaks only where nothing is shown. With `inside` it may be part of a longer word.
    """

    kind: str
    text: str
    tokens: str
    strong: bool
    inside: bool = False


@dataclass(frozen=True)
class Needles:
    """All needles, and the text that excuses them.

    `prose` is what the author wrote for viewers: it excuses anything. `shown` is what the outputs
    show: it excuses what is not strong. `blocks` are the lines that are code where they stand
    together; they are as strong.
    """

    items: tuple[Needle, ...]
    prose: str = ""
    shown: str = ""
    blocks: Blocks = field(default_factory=Blocks)


def needles_of(
    notebooks: Iterable[Notebook],
    modules: Mapping[str, bytes],
    *,
    common: frozenset[str] = frozenset(),
    secrets: Iterable[tuple[str, str]] = (),
    published: str = "",
    shown: str = "",
) -> Needles:
    """The needles of the author's `notebooks` and own `modules` (content by name).

    `common` are words that tell nothing of the code; `secrets` are further texts to look for, as
    pairs of kind and text; `published` is what the author says of the app besides the notebook's
    text, such as its title; `shown` is the text of the converted outputs.
    """
    found: dict[tuple[str, str], Needle] = {}
    parts: list[Parts] = []
    sources: list[str] = []
    prose = [published]
    for notebook in notebooks:
        for cell in notebook.cells:
            view, meant = view_of(cell), cell.metadata.get("nb2space", {})
            if cell.cell_type == "code":
                if meant.get("shows_source", False):
                    prose.append(cell.source)
                    continue
                sources.append(cell.source)
                parts.append(parts_of(cell.source))
                if not meant.get("shows_outputs", view.shows_outputs):
                    _add(found, _plain("hidden output", parts[-1].printed, strong=True))
            elif view.shows_source:
                prose.append(cell.source)
            else:
                _add(found, _plain("hidden text", cell.source.splitlines(), strong=True))
    own = [content.decode("utf-8", errors="replace") for content in modules.values()]
    parts += map(parts_of, own)
    sources += own
    known = common.union(*(part.modules for part in parts))
    for part in parts:
        _add(found, _code(part, known))
    for source in sources:
        texts = block_texts(source)
        _add(found, (Needle("line", text, canonical(text), strong=True) for text in texts))
    for kind, text in secrets:
        # A short secret is masked where it stands alone, and may be part of any word.
        inside = len(text) >= DISTINCT
        _add(found, [Needle(kind, text, canonical(text), strong=True, inside=inside)])
    written = canonical("\n".join(prose))
    visible = canonical(shown)
    kept = [
        needle
        for needle in found.values()
        if is_no_code(needle)
        or not (holds(written, needle) or (not _is_code(needle) and holds(visible, needle)))
    ]
    blocks = Blocks(dict.fromkeys(sources))
    blocks.forget(prose)
    return Needles(tuple(kept), "\n".join(prose), shown, blocks)


def is_no_code(needle: Needle) -> bool:
    """True for secrets and private paths, which nothing excuses."""
    return needle.kind in (KEY, PATH) or needle.kind.startswith(SECRET)


def holds(haystack: str, needle: Needle) -> bool:
    """True when the canonical text `haystack` holds the needle."""
    return sought(needle) in haystack


def sought(needle: Needle) -> str:
    """What to search a canonical text for."""
    return needle.tokens.strip() if needle.inside else needle.tokens


def _is_code(needle: Needle) -> bool:
    """True for what outputs do not excuse."""
    return needle.strong and needle.kind not in ("hidden output", "hidden text")


def _add(found: dict[tuple[str, str], Needle], needles: Iterable[Needle]) -> None:
    for needle in needles:
        key = (needle.kind, sought(needle))
        if key not in found or (needle.strong and not found[key].strong):
            found[key] = needle


def _plain(kind: str, lines: Iterable[str], *, strong: bool) -> Iterator[Needle]:
    for line in lines:
        if len(line.strip()) >= _SHORTEST_TEXT and WORD.search(line):
            yield Needle(kind, line.strip(), canonical(line), strong)


def _code(part: Parts, known: frozenset[str]) -> Iterator[Needle]:
    for line in part.lines:
        yield from _line(line)
    for line in part.templates:
        yield Needle("line", line, canonical(line), strong=True)
    for text in part.comments:
        if len(text) >= _SHORTEST_COMMENT and WORD.search(text):
            # With its "#" it is code anywhere; without, it may be what the app says.
            yield Needle("comment", f"# {text}", canonical(f"# {text}"), strong=True)
            yield Needle("comment", text, canonical(text), strong=False)
    for text in part.signatures:
        yield Needle("signature", text, canonical(text), strong=True)
    for text in part.literals:
        if _is_telling(text, known):
            inside = len(text) >= _LONG_LITERAL
            yield Needle("literal", text, canonical(text), strong=False, inside=inside)
    for name in part.names:
        if len(name) >= _SHORTEST_NAME and not _is_common(name, known):
            yield Needle("name", name, canonical(name), strong=False)


def _line(line: str) -> Iterator[Needle]:
    if len(TOKEN.findall(line)) < 2:
        return
    rows = list(telling_rows(line))
    strong = bool(rows)
    # A byte before it, such as a length, may look like a letter of its first word.
    inside = strong and len(line) >= _LONG_LITERAL
    yield Needle("line", line, canonical(line), strong, inside)
    for row in rows[1:]:
        yield Needle("line", line, f" {' '.join(row)} ", strong=True)


def _is_telling(text: str, known: frozenset[str]) -> bool:
    words = WORD.findall(text)
    if len(text.strip()) < _SHORTEST_LITERAL or not any(len(word) > 2 for word in words):
        return False
    # A text without a blank, of common words only, is a name of some format, such as "text/html".
    return len(text.split()) > 1 or not all(_is_common(word, known) for word in words)


def _is_common(word: str, known: frozenset[str]) -> bool:
    return word in known or keyword.iskeyword(word) or hasattr(builtins, word)
