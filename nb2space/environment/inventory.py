"""Runs under the notebook's own interpreter, so it imports nothing but the standard library.

Called in the kernel after the last cell: which distributions and which of the author's own modules
the notebook needs. Answers in JSON.
"""

import ast
import json
import os
import re
import site
import sys
import sysconfig
import warnings
from contextlib import suppress
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

# The kernel's own parts, pinned to what the author used whether or not the code names them.
KERNEL_PARTS = ("ipykernel", "ipywidgets")

# The author's own modules that tell what an app needs; tests and set-up do not.
_NOT_OF_THE_APP = re.compile(
    r"(?:tests?|docs?|examples?|build|dist|setup\.py|conftest\.py|test_.*)"
)
_MOST_MODULES = 2_000


def needed(imported: list[str], before: list[str]) -> str:
    """JSON of what the notebook needs to be installed and to lie beside it.

    `imported` are the names that the code imports, `before` the modules that were loaded before
    the first cell. What the run loaded besides is needed too: a back-end chosen at run time, say;
    and what the author's own modules import, when a viewer calls them.
    """
    found = distributions()
    index = providers_of(found)
    run = {name.partition(".")[0] for name in sys.modules} - set(before)
    waiting, named = sorted(run | set(imported)), set(imported)
    seen = set(sys.stdlib_module_names)
    versions: dict[str, str] = {}
    why: dict[str, str] = {}
    modules: dict[str, str] = {}
    unknown: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        place = place_of(name)
        providers = [each for each in found.values() if provides(each, name, place, index)]
        for each in providers:
            if each["origin"]:
                each["modules"][name] = place
                each["used"] = True
            else:
                versions[each["name"]] = each["version"]
                if name in named or each["name"] not in why:
                    why[each["name"]] = "imported" if name in named else "loaded"
        if not providers and place and not is_installed(place):
            modules[name] = place
            further = imported_below(place) - seen
            named |= further
            waiting += sorted(further)
        elif not providers and name in imported:
            unknown.append(name)
    for part in KERNEL_PARTS:
        if part in found:
            versions[found[part]["name"]] = found[part]["version"]
    return json.dumps(
        {
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
            "prefix": sys.prefix,
            "versions": versions,
            "why": {name: why.get(name, "") for name in versions},
            "sizes": {name: size_of(name) for name in versions},
            "distributions": {
                name: {"version": each["version"], "requires": each["requires"]}
                for name, each in found.items()
            },
            "local": {
                each["name"]: {
                    "origin": each["origin"],
                    "editable": each["editable"],
                    "metadata": each["metadata"],
                    "used": each["used"],
                    "modules": each["modules"] or modules_of(each, found, index),
                }
                for each in found.values()
                if each["origin"]
            },
            "modules": modules,
            "unknown": sorted(unknown),
            "installed": installed_in(),
            "settings": [
                *settings_of_ipython(),
                *(found[normal(name)]["metadata"] for name in sorted(versions)),
                *(each["metadata"] for each in found.values() if each["used"]),
            ],
        }
    )


def distributions() -> dict[str, dict[str, Any]]:
    """What is installed, by its normal name; of two of one name the first on sys.path."""
    found: dict[str, dict[str, Any]] = {}
    for each in metadata.distributions():
        name, version, requires = head_of(each)
        # What an interrupted pip left behind has no name, or no version.
        if not name or not version or normal(name) in found:
            continue
        path = str(getattr(each, "_path", ""))
        origin, is_editable = origin_of(each)
        found[normal(name)] = {
            "name": name,
            "version": version,
            "requires": requires,
            "metadata": path,
            "folder": os.path.dirname(path),
            "origin": origin,
            "editable": is_editable,
            "top_level": top_level_of(each),
            "modules": {},
            "used": False,
        }
    return found


def normal(name: str) -> str:
    """The normal form of a distribution's name (PyPA, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def head_of(distribution: metadata.Distribution) -> tuple[str, str, list[str]]:
    """Name, version and requirements; read by line, since parsing all as mail takes ten times as
    long."""
    text = distribution.read_text("METADATA")
    if text is None:
        with suppress(Exception):  # whatever else it is, it is no distribution
            head = distribution.metadata
            return head["Name"] or "", head["Version"] or "", list(distribution.requires or ())
        return "", "", []
    rows = [row.partition(": ") for row in text.partition("\n\n")[0].splitlines()]
    fields = {key: value.strip() for key, _, value in reversed(rows)}
    requires = [value.strip() for key, _, value in rows if key == "Requires-Dist"]
    return fields.get("Name", ""), fields.get("Version", ""), requires


def origin_of(distribution: metadata.Distribution) -> tuple[str, bool]:
    """Where a distribution that came from no index lies or came from, and whether its modules are
    read there; "" for all others.

    direct_url.json is PyPA's "Recording the Direct URL Origin of installed distributions". Those
    of conda, and of wheels that are gone, name the place where they were built.
    """
    with suppress(ValueError, OSError, AttributeError):
        text = distribution.read_text("direct_url.json")
        installer = (distribution.read_text("INSTALLER") or "").strip()
        path = str(getattr(distribution, "_path", ""))
        if not text and path.endswith(".egg-info") and not is_installed(os.path.dirname(path)):
            # What setuptools leaves beside the modules themselves.
            return f"file://{os.path.dirname(path)}", True
        if not text or installer == "conda":
            return "", False
        told = json.loads(text)
        url = str(told.get("url", ""))
        is_editable = bool(told.get("dir_info", {}).get("editable"))
        if "vcs_info" in told:
            commit = told["vcs_info"].get("commit_id", "")
            url = f"{told['vcs_info'].get('vcs', 'git')}+{url}@{commit}"
        is_there = not url.startswith("file:") or os.path.exists(path_of_url(url))
        return (url, is_editable) if is_there or is_editable else ("", False)
    return "", False


def path_of_url(url: str) -> str:
    """The path that a file: URL names."""
    return url2pathname(urlsplit(url).path)


def providers_of(found: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """The normal names of the distributions by the modules that they say they have."""
    index: dict[str, set[str]] = {}
    for name, each in found.items():
        for module in each["top_level"]:
            index.setdefault(module, set()).add(name)
    return index


def provides(
    distribution: dict[str, Any], module: str, place: str, index: dict[str, set[str]]
) -> bool:
    """True when the module at `place` is one of the distribution's.

    A module of the author's may have the name of one that is installed, and stand before it.
    """
    said = normal(distribution["name"]) in index.get(module, ())
    if not distribution["editable"]:
        return said and (not place or is_below(place, distribution["folder"]))
    project = path_of_url(distribution["origin"])
    # A module without a place, as those that Cython makes, lies in no folder.
    if not place or not is_below(place, project) or is_installed(place):
        return False
    is_beside = os.path.dirname(place) == os.getcwd()
    return said or normal(module) == normal(distribution["name"]) or not is_beside


def modules_of(
    distribution: dict[str, Any],
    found: dict[str, dict[str, Any]],
    index: dict[str, set[str]],
) -> dict[str, str]:
    """The modules of a distribution that nothing has imported, with their places."""
    names = {normal(distribution["name"]).replace("-", "_"), *distribution["top_level"]}
    places = {name: place_of(name) for name in sorted(names) if name.isidentifier()}
    return {
        name: place
        for name, place in places.items()
        if place and provides(distribution, name, place, index)
    }


def place_of(module: str) -> str:
    """The folder of a package, or the file of a module; "" when neither can be told."""
    loaded: Any = sys.modules.get(module)
    if loaded is None:
        from importlib.util import find_spec

        with suppress(ImportError, ValueError, AttributeError):
            loaded = find_spec(module)
            paths = list(getattr(loaded, "submodule_search_locations", None) or ())
            found = paths[0] if paths else getattr(loaded, "origin", "")
            return os.path.abspath(found) if found and os.path.exists(found) else ""
        return ""
    with suppress(TypeError, ValueError):
        paths = list(getattr(loaded, "__path__", None) or ())
        found = paths[0] if paths else getattr(loaded, "__file__", "")
        return os.path.abspath(found) if found else ""
    return ""


def is_below(path: str, folder: str) -> bool:
    """True for a path in the folder, by whatever link it is reached."""
    real = os.path.realpath(folder)
    return os.path.realpath(path).startswith(real if real.endswith(os.sep) else real + os.sep)


def is_installed(place: str) -> bool:
    """True for what belongs to Python or to an installed package."""
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    inside = [os.path.join(prefix, "lib") for prefix in prefixes if prefix != os.sep]
    return any(is_below(os.path.join(place, "x"), folder) for folder in (*installed_in(), *inside))


def imported_below(place: str) -> set[str]:
    """The top-level names that a module, or the modules of a package, import."""
    names: set[str] = set()
    for path in modules_below(place):
        with suppress(OSError, SyntaxError, ValueError, RecursionError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open(path, "rb") as file:
                names |= imports_in(ast.parse(file.read()))
    return names


def modules_below(place: str) -> list[str]:
    """The files of a module or package that belong to an app."""
    if os.path.isfile(place):
        return [place] if place.endswith(".py") else []
    found: list[str] = []
    for folder, folders, names in os.walk(place):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith((".", "__")) and not _NOT_OF_THE_APP.fullmatch(name)
        ]
        found += [
            os.path.join(folder, name)
            for name in sorted(names)
            if name.endswith(".py") and not _NOT_OF_THE_APP.fullmatch(name)
        ]
        if len(found) > _MOST_MODULES:
            break
    return found


def imports_in(tree: ast.AST) -> set[str]:
    """The top-level names that a syntax tree imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def size_of(distribution: str) -> int:
    """The bytes of a distribution's files, as its RECORD lists them; 0 without one."""
    with suppress(metadata.PackageNotFoundError, OSError):
        record = metadata.distribution(distribution).read_text("RECORD") or ""
        sizes = (line.rpartition(",")[2] for line in record.splitlines())
        return sum(int(size) for size in sizes if size.isdigit())
    return 0


def installed_in() -> list[str]:
    """The folders that hold Python's own modules and the installed packages."""
    paths = sysconfig.get_paths()
    own = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return sorted({*own, *site.getsitepackages(), site.getusersitepackages()})


def settings_of_ipython() -> list[str]:
    """What IPython ran and read before the first cell, whether it exists or not."""
    from IPython import get_ipython

    profile: Any = getattr(get_ipython(), "profile_dir", None)
    if profile is None:
        return []
    names = ("ipython_config.py", "ipython_kernel_config.py")
    return [profile.startup_dir, *(os.path.join(profile.location, name) for name in names)]


def top_level_of(distribution: metadata.Distribution) -> set[str]:
    """The modules and packages that a distribution says it has, or has by its list of files."""
    told = distribution.read_text("top_level.txt")
    if told:
        return set(told.split())
    record = distribution.read_text("RECORD")
    paths = [line.partition(",")[0] for line in record.splitlines()] if record else []
    paths = paths or list(map(str, distribution.files or ()))
    return {
        path.partition("/")[0].partition(".")[0]
        for path in paths
        if path.endswith((".py", ".so", ".pyd"))
    }
