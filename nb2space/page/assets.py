"""The front end's files that a page without a kernel carries: Voila's own, and the widgets'.

Of the installed front ends of widgets only those are taken whose modules or MIME types occur.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2space.page.bundle import libraries_named, needed_chunks
from nb2space.page.render import EXTENSIONS, STATIC
from nb2space.page.tables import Frozen
from nb2space.runtime.chunks import BUNDLE, chunks_of, with_chunks
from nb2space.runtime.styles import MANAGER
from nb2space.space import SpaceFile

# Fonts for browsers before 2014, and what is in other files.
_OLD_FONTS = {".eot", ".ttf", ".svg"}
_NOT_SERVED = {".map", ".orig"}

_OF_MANAGER = {"@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output"}

# What Voila's own bundle renders: jupyterlab's rendermime and its extensions.
_OF_VOILA = {
    "application/json", "application/javascript", "application/vnd.jupyter.widget-view+json",
    "image/bmp", "image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp",
    "text/html", "text/javascript", "text/latex", "text/markdown", "text/plain",
}  # fmt: skip

# What the page's scripts ask for by name (templates/page).
LIBRARIES = (
    "@lumino/widgets", "@lumino/messaging", "@lumino/algorithm", "@lumino/coreutils",
    "@lumino/domutils", "@lumino/signaling", "@jupyterlab/rendermime", "@jupyterlab/translation",
    "@jupyterlab/mathjax-extension", "@jupyterlab/javascript-extension",
    "@jupyterlab/json-extension", "@jupyterlab/vega5-extension",
)  # fmt: skip
LESS_COMMON_STYLES = "voila-style.js"

WHY_FRONT_END = "the front end, as it is installed"


@dataclass(frozen=True)
class Extension:
    """An installed front end: its npm name, its folder and what its package.json says."""

    name: str
    folder: Path
    package: dict[str, Any]

    @property
    def entry(self) -> dict[str, Any]:
        """The front end as the page's configuration names it."""
        built = self.package["jupyterlab"]["_build"]
        return {
            "name": self.name,
            **{key: built[key] for key in ("load", "extension", "mimeExtension") if key in built},
        }

    @property
    def borrows(self) -> frozenset[str]:
        """The packages that it shares with others and does not carry itself."""
        shared = self.package["jupyterlab"].get("sharedPackages", {})
        return frozenset(
            name for name, how in shared.items() if how and how.get("bundled") is False
        )

    def script(self) -> str:
        """All of its JavaScript, to look for names in."""
        return "".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in sorted((self.folder / "static").glob("*.js"))
        )


def installed_extensions(prefix: str) -> dict[str, Extension]:
    """The front ends installed here and in the environment at `prefix`, by name."""
    found: dict[str, Extension] = {}
    for place in _extension_folders(prefix):
        for path in sorted([*place.glob("*/package.json"), *place.glob("@*/*/package.json")]):
            name = path.parent.relative_to(place).as_posix()
            try:
                package = json.loads(path.read_text(encoding="utf-8"))
                package["jupyterlab"]["_build"]["load"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            found.setdefault(name, Extension(name, path.parent, package))
    return found


def needed_extensions(
    installed: dict[str, Extension], modules: frozenset[str], mimes: frozenset[str]
) -> list[Extension]:
    """Those front ends that have one of `modules` or render one of `mimes`."""
    modules = modules - _OF_MANAGER
    mimes = mimes - _OF_VOILA
    names = [MANAGER] if MANAGER in installed else []
    for name, extension in installed.items():
        if name in names or name.startswith(("@voila-dashboards/", "@jupyter-widgets/")):
            continue
        if not (modules or mimes):
            break
        # A package's name on npm need not be its module's: see "ipyvolume" or "jupyter-leaflet".
        script = "" if name in modules else extension.script()
        if (
            name in modules
            or any(f'"{module}"' in script or f"'{module}'" in script for module in modules)
            or any(mime in script for mime in mimes)
        ):
            names.append(name)
    for name in names:
        # The list grows while it is gone through: what is borrowed may borrow in turn.
        names += [other for other in installed[name].borrows - set(names) if other in installed]
    return [installed[name] for name in names]


def entry_of(extensions: Iterable[Extension]) -> str:
    """The path of the widgets' own front end's first script, below the folder of all front ends."""
    manager = next(extension for extension in extensions if extension.name == MANAGER)
    return f"{MANAGER}/{manager.entry['load']}"


def used_modules(frozen: Frozen) -> frozenset[str]:
    """The modules of all widgets, also of those that only a recorded state has."""
    states = [model["state"] | _module_of(model) for model in frozen.states.values()]
    states += [new["s"] for blob in frozen.blobs for new in blob.get("m") or ()]
    names = (
        state.get(key) for state in states for key in ("_model_module", "_view_module", "module")
    )
    return frozenset(name for name in names if isinstance(name, str))


def used_mimes(cells: Iterable[Any], frozen: Frozen) -> frozenset[str]:
    """The MIME types of all outputs, also of those that only a recorded state has."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    for model in frozen.states.values():
        outputs += _outputs_in(model["state"].get("outputs"))
    for blob in frozen.blobs:
        outputs += _outputs_in(blob.get("v"))
        for new in blob.get("m") or ():
            outputs += _outputs_in(new["s"].get("outputs"))
    return frozenset(mime for output in outputs for mime in output.get("data") or ())


def front_end_files(extensions: Sequence[Extension]) -> Iterator[SpaceFile]:
    """The files of Voila's bundle that a page may ask for, and those of `extensions`."""
    addresses = {f"{STATIC}/{path.name}": path for path in _bundled(extensions)}
    for extension in extensions:
        for path in _files_of(extension):
            inside = path.relative_to(extension.folder).as_posix()
            addresses[f"{EXTENSIONS}/{extension.name}/{inside}"] = path
    included = {chunk for path in addresses.values() for chunk in chunks_of(path)}
    for address, path in addresses.items():
        if path not in included:
            yield SpaceFile(address.removeprefix("./"), with_chunks(path), WHY_FRONT_END)


def _bundled(extensions: Iterable[Extension]) -> Iterator[Path]:
    """The first script of Voila's bundle, the chunks that may be asked for, fonts and styles."""
    from voila.paths import collect_static_paths

    folders = [Path(place) for place in collect_static_paths(["voila", "nbconvert"], "lab")]
    bundle = next(folder / BUNDLE for folder in folders if (folder / BUNDLE).is_file())
    # The page's own front end (libraries.js) is JupyterLab's manager without what that needs.
    others = (path for e in extensions if e.name != MANAGER for path in _files_of(e))
    scripts = [path for path in others if path.suffix == ".js"]
    yield bundle
    yield from sorted(needed_chunks(bundle, {*LIBRARIES, *libraries_named(bundle, scripts)}))
    for path in sorted(bundle.parent.iterdir()):
        if path.name == LESS_COMMON_STYLES or path.suffix in {".woff", ".woff2"}:
            yield path


def _files_of(extension: Extension) -> list[Path]:
    return [
        path
        for path in sorted((extension.folder / "static").rglob("*"))
        if path.is_file() and path.suffix not in _NOT_SERVED | _OLD_FONTS
    ]


def _extension_folders(prefix: str) -> list[Path]:
    from jupyter_core.paths import jupyter_path

    folders = [Path(path) for path in jupyter_path("labextensions")]
    folders += [Path(path) / "labextensions" for path in jupyter_path("voila")]
    if prefix:
        folders.insert(0, Path(prefix) / "share" / "jupyter" / "labextensions")
    return list(dict.fromkeys(folders))


def _module_of(model: Any) -> dict[str, Any]:
    return {"module": model.get("model_module")}


def _outputs_in(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        return []
    return [item for item in value if isinstance(item, dict) and isinstance(item.get("data"), dict)]
