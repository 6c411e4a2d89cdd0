"""Lines of a notebook that install something: `%pip install`, `!pip install`, `!apt-get install`.

In the Space the packages are part of the image, so the lines are taken out of the code that runs
there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

_PIP = re.compile(
    r"^(?P<indent>[ \t]*)[%!]\s*(?:(?:uv|sys\.executable|\{sys\.executable\}|python3?)\s+"
    r"(?:-m\s+)?)?pip3?\s+install\s+(?P<what>.+)$"
)
_APT = re.compile(
    r"^(?P<indent>[ \t]*)!\s*(?:sudo\s+)?(?:apt-get|apt)\s+(?:-\S+\s+)*"
    r"(?P<verb>install|update|upgrade)\b(?P<what>.*)$"
)
_CONDA = re.compile(r"^(?P<indent>[ \t]*)[%!]\s*(?:conda|mamba)\s+install\s+(?P<what>.+)$")

# Options of pip that take a value.
_WITH_VALUE = {
    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-c", "--constraint", "-t",
    "--target", "--prefix", "--root", "--trusted-host", "--timeout",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True)
class Installs:
    """What the lines install: `pip` requirements, files of requirements, `apt` packages.

    `notices` are sentences about what cannot be taken over.
    """

    pip: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def installs_of(sources: Iterable[tuple[int, str]]) -> Installs:
    """What the code cells (number and source) install."""
    pip: dict[str, None] = {}
    files: dict[str, None] = {}
    apt: dict[str, None] = {}
    notices = []
    for number, source in sources:
        for row in source.splitlines():
            if match := _PIP.match(row):
                wanted, named = _pip_words(match["what"])
                pip.update(dict.fromkeys(wanted))
                files.update(dict.fromkeys(named))
            elif match := _APT.match(row):
                words = match["what"].split("#")[0].split()
                if match["verb"] == "install":
                    apt.update(dict.fromkeys(w for w in words if _NAME.fullmatch(w)))
            elif match := _CONDA.match(row):
                notices.append(
                    f"Cell {number} installs with conda, which a Space does not have; the versions "
                    "of your machine are installed with pip instead."
                )
    return Installs(tuple(pip), tuple(files), tuple(apt), tuple(notices))


def quiet_installs(source: str) -> str:
    """The cell as the conversion runs it: pip installs without a word, apt not at all."""

    def quiet(match: re.Match[str]) -> str:
        what = match["what"].split(" #")[0].strip()
        return (
            f"{match['indent']}with __import__('IPython').utils.capture.capture_output(): "
            f"get_ipython().run_line_magic('pip', {'install -q ' + what!r})"
        )

    rows = (_PIP.sub(quiet, row) for row in source.split("\n"))
    return "\n".join(_CONDA.sub(_nothing, _APT.sub(_nothing, row)) for row in rows)


def without_installs(source: str) -> str:
    """The cell as the Space runs it: nothing is installed."""
    rows = source.split("\n")
    for pattern in (_PIP, _APT, _CONDA):
        rows = [pattern.sub(_nothing, row) for row in rows]
    return "\n".join(rows)


def _nothing(match: re.Match[str]) -> str:
    # A statement, since the line may be all that a block holds.
    return f"{match['indent']}pass"


def _pip_words(text: str) -> tuple[list[str], list[str]]:
    """The requirements and the files of requirements in the words behind `pip install`."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    wanted, files = [], []
    waiting = iter(words)
    for word in waiting:
        if word in ("&&", ";", "||", "|", ">", "2>&1"):
            break
        if word in ("-r", "--requirement"):
            files.append(next(waiting, ""))
        elif word in _WITH_VALUE:
            next(waiting, None)
        elif not word.startswith(("-", ".", "/", "git+", "http", ">", "$", "{")):
            wanted.append(word)
    return wanted, [name for name in files if name]
