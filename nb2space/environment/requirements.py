"""requirements.txt of a Space: what is declared or was used, and what the runtime needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata

from packaging.requirements import Requirement

from nb2space.environment import Environment
from nb2space.environment.closure import closure, parsed_line
from nb2space.environment.declared import Declared, name_of
from nb2space.environment.installs import Installs

# What the server in the Space imports. Voila's private pieces that the runtime leans on were
# tested with the version installed beside nb2space, so that version is pinned.
RUNTIME_PARTS = ("cryptography", "ipykernel", "ipywidgets", "jupyter_server", "tornado", "voila")

# Their wheels on PyPI carry several gigabytes for graphics cards, which a Space's processor has no
# use for: pytorch.org/get-started/locally
_TORCH = {"torch", "torchvision", "torchaudio"}
_TORCH_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"
_OF_GRAPHICS = re.compile(r"nvidia-.*|triton|cuda-.*")

_HEADER = "# Made by nb2space from the versions on the author's machine.\n"
_USER = {"imported": "code", "loaded": "run"}


@dataclass(frozen=True)
class Wanted:
    """What beside the run tells of requirements.

    `declared` stands as it is; `installs` are those of the notebook's own lines, with the `lines`
    of the files that they name; `further` maps requirements to the reason why they are needed, and
    `without` are packages whose files travel with the code.
    """

    declared: Declared = field(default_factory=Declared)
    installs: Installs = field(default_factory=Installs)
    lines: Sequence[str] = ()
    further: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()


def requirements_text(environment: Environment, wanted: Wanted | None = None) -> str:
    """The requirements, sorted and with the reason of each, ending in a line end.

    Without a declaration all that the run loaded is pinned; with one, what the code imports and
    what the declared packages do not bring along.
    """
    wanted = wanted or Wanted()
    declared = wanted.declared
    lines = {
        name_of(p): f"{name_of(p)}=={metadata.version(p)}  # runs the app" for p in RUNTIME_PARTS
    }
    brought = _brought(environment, declared) if declared.where else set()
    extras = _extras((*wanted.installs.pip, *wanted.lines))
    for given, version in environment.versions.items():
        name, why = name_of(given), environment.why.get(given, "loaded") or "loaded"
        if name in brought and name not in lines and why != "imported":
            continue
        reason = "runs the app" if name in lines else f"{why} by the {_USER[why]}"
        lines[name] = f"{_pinned(name, version, extras.get(name, ()))}  # {reason}"
    for line in (*wanted.installs.pip, *wanted.lines):
        parsed = parsed_line(line)
        is_open = parsed and not parsed.specifier and not parsed.url
        pinned = _of_this_machine(environment, line) if is_open else line
        lines.setdefault(name_of(line) or line, f"{pinned}  # installed by the code")
    for line in declared.locked:
        lines[name_of(line)] = _unless_runtime(lines, line, "uv.lock")
    said: dict[str, str] = {}
    for line in () if declared.locked else declared.requirements:
        name = name_of(line)
        if not line.startswith("-"):
            said[name or line] = _both(said[name], line) if name in said else line
    lines |= {name: f"{_for_processors(line)}  # {declared.where}" for name, line in said.items()}
    for line, reason in wanted.further.items():
        lines.setdefault(name_of(line), f"{_of_this_machine(environment, line)}  # {reason}")
    _constrain(lines, declared, environment)
    for name in [*wanted.without, *(_of_torch(lines) if _TORCH & set(lines) else ())]:
        lines.pop(name, None)
    head = "".join(f"{option}\n" for option in _options(wanted, bool(_TORCH & set(lines))))
    return _HEADER + head + "".join(f"{lines[name]}\n" for name in sorted(lines))


def _brought(environment: Environment, declared: Declared) -> set[str]:
    """The packages that the declared ones and the runtime's bring along."""
    asked = (*declared.requirements, *declared.locked, *RUNTIME_PARTS)
    return closure(asked, environment.distributions, environment.python)


def _extras(lines: Iterable[str]) -> dict[str, set[str]]:
    extras: dict[str, set[str]] = {}
    for line in lines:
        if parsed := parsed_line(line):
            extras.setdefault(name_of(line), set()).update(parsed.extras)
    return extras


def _pinned(name: str, version: str, extras: Iterable[str] = ()) -> str:
    # What is behind "+" names a build of the author's machine, which no index may have.
    public = version.partition("+")[0]
    asked = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"{name}{asked}=={public}+cpu" if name in _TORCH else f"{name}{asked}=={public}"


def _for_processors(line: str) -> str:
    """A declared torch for graphics cards as the same for processors."""
    return re.sub(r"\+cu\d+\b", "+cpu", line) if name_of(line) in _TORCH else line


def _unless_runtime(lines: Mapping[str, str], line: str, where: str) -> str:
    """A locked package, but for those that the app's own server needs as they are."""
    kept = lines.get(name_of(line), "")
    return kept if kept.endswith("# runs the app") else f"{_for_processors(line)}  # {where}"


def _of_this_machine(environment: Environment, line: str) -> str:
    """A requirement in the version that is installed, if it is."""
    name = name_of(line)
    version = environment.distributions.get(name, {}).get("version")
    parsed = parsed_line(line)
    return _pinned(name, version, parsed.extras if parsed else ()) if version else line


def _both(first: str, second: str) -> str:
    """One requirement that asks for what two of one name ask for."""
    one, other = parsed_line(first), parsed_line(second)
    if not (one and other) or one.url or other.url or one.marker != other.marker:
        return second
    made = Requirement(one.name)
    made.extras, made.marker = one.extras | other.extras, one.marker
    made.specifier = one.specifier & other.specifier
    return str(made)


def _constrain(lines: dict[str, str], declared: Declared, environment: Environment) -> None:
    """Put the declared constraints on what is needed, directly or by another package."""
    needed = _brought(environment, declared) | set(lines) if declared.constraints else set()
    for line in declared.constraints:
        name = name_of(line)
        if name in lines:
            stands, _, reason = lines[name].partition("  # ")
            lines[name] = f"{_both(stands, line)}  # {reason}"
        elif name in needed:
            lines[name] = f"{line}  # {declared.where}"


def _of_torch(lines: Iterable[str]) -> list[str]:
    """What only a torch for graphics cards needs."""
    return [name for name in lines if _OF_GRAPHICS.fullmatch(name)]


def _options(wanted: Wanted, has_torch: bool) -> list[str]:
    declared = (line for line in wanted.declared.requirements if line.startswith("-"))
    options = [*declared, *wanted.installs.options]
    if has_torch:
        options = [each for each in options if "download.pytorch.org" not in each]
        options.append(_TORCH_INDEX)
    return list(dict.fromkeys(options))
