"""The author's own modules: those that the notebook imports, and those that these import.

They travel under the paths that they have below the notebook's folder, so that what the code says
of `sys.path` holds in the Space; those from elsewhere lie beside the notebook, where Python looks
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nb2space.environment import Environment

_CODE = (".py", ".so", ".pyd")


def own_modules(folder: Path, environment: Environment) -> dict[str, bytes]:
    """The files of the author's modules by the paths that they have in the Space."""
    home = folder.resolve()
    found = {}
    for name, place in environment.modules.items():
        for relative, path in _files(name, Path(place)):
            real = path.resolve()
            inside = real.relative_to(home).as_posix() if real.is_relative_to(home) else relative
            found[inside] = path.read_bytes()
    return dict(sorted(found.items()))


def missing_modules(environment: Environment) -> tuple[str, ...]:
    """Sentences about imports that nothing on the author's machine provides."""
    return tuple(
        f"The import '{name}' belongs to no installed package and no module beside the notebook; "
        "the app will not find it."
        for name in environment.unknown
    )


def _files(name: str, place: Path) -> Iterator[tuple[str, Path]]:
    """The files of a module or package, with their paths beside the notebook."""
    if place.is_file():
        yield place.name, place
    elif place.is_dir():
        for path in sorted(place.rglob("*")):
            relative = path.relative_to(place)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
            if path.suffix in _CODE and path.is_file() and not hidden:
                yield f"{name}/{relative.as_posix()}", path
