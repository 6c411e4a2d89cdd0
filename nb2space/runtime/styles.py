"""How the page looks: the style sheets of JupyterLab's notebook and of Jupyter's widgets, in one.

Some are not installed as style sheets. They are strings in the scripts of front ends, as webpack's
css-loader writes them: github.com/webpack-contrib/css-loader, "exportType".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

MANAGER = "@jupyter-widgets/jupyterlab-manager"
"""The front end of ipywidgets itself."""

THEMES = ("light", "dark")
"""What a page may look like."""

_SHEETS = "nbconvert/templates/lab/static"
_BUNDLED = "voila/templates/base/static"
# Where the bundle's fonts are, as seen from the page's style sheet.
_FONTS = "../voila/static"
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
_MODULE = re.compile(r"\.push\(\[\w+\.id,\s*(" + _STRING + r"),", re.S)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(\r?\n)|(.))", re.S)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", "v": "\v", "0": "\0"}
# A file in a style sheet is a variable: what a function makes of the address of a module, which is
# the file, or tells its name.
_FILE = re.compile(r"\$\{([\w$]+)\}")
_ADDRESS = re.compile(r"(?<![\w$])([\w$]+)=[\w$]+\(\)\(([\w$]+)[,)]")
_URL = re.compile(r"(?<![\w$])([\w$]+)=new URL\([\w$]+\((\d+)\)")
_CONTENT = re.compile(r'(?<!\w)(\d+)(?:\(\w+\)|:\([\w,]*\)=>)\{\w+\.exports=(\w+\.p\+)?"([^"]+)"')


def style_sheet(roots: Sequence[Path], theme: str) -> str:
    """The style sheet of pages in `theme`, one of `THEMES`.

    `roots` are the folders in which Jupyter keeps what is installed, the first one first.
    """
    sheets = [_found(roots, f"{_SHEETS}/{name}.css") for name in ("index", f"theme-{theme}")]
    parts = [path.read_text(encoding="utf-8") for path in sheets if path]
    for script in _scripts(roots, f"labextensions/{MANAGER}/static"):
        parts += styles_in(script)
    for script in _scripts(roots, _BUNDLED, "voila-style.js"):
        # The icons, and the letters of formulas.
        parts += [sheet for sheet in styles_in(script) if "@font-face" in sheet]
    return "\n".join(parts)


def styles_in(script: str) -> list[str]:
    """The style sheets that a front end's script carries, with the addresses of their files."""
    found = list(_MODULE.finditer(script))
    if not found:
        return []
    files = {
        match[1]: f"{_FONTS}/{match[3]}" if match[2] else match[3]
        for match in _CONTENT.finditer(script)
    }
    addresses, urls = _assigned(_ADDRESS, script), _assigned(_URL, script)

    def sheet(module: re.Match[str]) -> str:
        def address(match: re.Match[str]) -> str:
            of_address = _before(module.start(), addresses.get(match[1], []))
            return files.get(_before(module.start(), urls.get(of_address, [])), "")

        return _FILE.sub(address, _ESCAPE.sub(_meant, module[1][1:-1]))

    return [sheet(module) for module in found]


def _assigned(pattern: re.Pattern[str], script: str) -> dict[str, list[tuple[int, str]]]:
    """What is assigned to each variable, with the place where."""
    found: dict[str, list[tuple[int, str]]] = {}
    for match in pattern.finditer(script):
        found.setdefault(match[1], []).append((match.start(), match[2]))
    return found


def _before(place: int, assigned: Sequence[tuple[int, str]]) -> str:
    """What was assigned last before `place`; names are used again in other functions."""
    return next((value for at, value in reversed(assigned) if at < place), "")


def _meant(match: re.Match[str]) -> str:
    byte, unit, line, letter = match.groups()
    if byte or unit:
        return chr(int(byte or unit, 16))
    return "" if line else _LETTERS.get(letter, letter)


def _scripts(roots: Sequence[Path], folder: str, pattern: str = "*.js") -> Iterator[str]:
    place = _found(roots, folder)
    for path in sorted(place.glob(pattern)) if place else []:
        yield path.read_text(encoding="utf-8", errors="replace")


def _found(roots: Sequence[Path], name: str) -> Path | None:
    return next((root / name for root in roots if (root / name).exists()), None)
