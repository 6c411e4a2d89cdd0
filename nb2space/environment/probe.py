"""Runs under the notebook's own interpreter, so it imports nothing but the standard library.

Called twice in the kernel, before the first cell and after the last; both answer in JSON.
"""

import json
import os
import random
import site
import sys
import sysconfig
from contextlib import suppress
from importlib import metadata
from types import ModuleType
from typing import Any

# Keeps what was seen between the two calls; each is executed in a namespace of its own.
TRACE = "_nb2space_trace"

# The kernel's own parts, pinned to what the author used whether or not the code names them.
KERNEL_PARTS = ("ipykernel", "ipywidgets")


def begin() -> str:
    """Note what is used from now on; JSON list of the top-level modules loaded now."""
    trace: Any = ModuleType(TRACE)
    trace.read, trace.written, trace.ports, trace.ran = {}, {}, {}, {}
    trace.connected_in, trace.read_in, trace.outdated_in = {}, {}, {}
    trace.listed, trace.random = {}, random.getstate()
    trace.libraries = loaded_libraries()
    sys.modules[TRACE] = trace

    def note_file(details: Any) -> None:
        path = os.path.abspath(os.fsdecode(details[0]))
        mode, flags = details[1], details[2]
        cell = running_cell()
        writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & os.O_WRONLY
        if writes or flags & (os.O_RDWR | os.O_CREAT):
            trace.written[path] = None
            trace.outdated_in.update(dict.fromkeys(trace.read_in.pop(path, {}).keys() - {cell}))
            return
        trace.read_in.setdefault(path, {})[cell] = None
        if path not in trace.written:
            trace.read[path] = None

    def note(event: str, details: Any) -> None:
        first = details[0] if details else None
        if event == "open" and isinstance(first, str | bytes):
            note_file(details)
        elif event == "sqlite3.connect" and isinstance(first, str | bytes):
            trace.read[os.path.abspath(os.fsdecode(first))] = None
        elif event == "socket.connect" and isinstance(details[1], tuple) and len(details[1]) > 1:
            trace.ports[f"{details[1][0]}:{details[1][1]}"] = None
            trace.connected_in[running_cell()] = None
        elif event in ("os.listdir", "os.scandir") and not isinstance(first, int):
            # Python's own search for modules and packages is no question of the author's code.
            caller = sys._getframe().f_back
            if caller is None or "importlib" not in caller.f_code.co_filename:
                trace.listed[os.path.abspath(os.fsdecode(first or "."))] = None
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            name = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
            trace.ran[os.path.basename(name.split()[0] if name.split() else "")] = None

    # Python's table of audit events: docs.python.org/3/library/audit_events.html
    sys.addaudithook(note)
    return json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))


def running_cell() -> int:
    """The execution count of the cell that runs; 0 where there is no shell."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    # Whether the shell's own count already tells the next cell's depends on IPython's version.
    return len(shell.history_manager.input_hist_parsed) - 1 if shell else 0


def loaded_libraries() -> list[str]:
    """The shared libraries in this process's memory; none where the system does not tell."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            paths = {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}
    except (OSError, IndexError):
        return []
    return sorted(paths)


def peak_memory() -> int:
    """The most bytes of memory that this process has had; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes: the manual page getrusage(2) of each.
    return size if sys.platform == "darwin" else size * 1024


def origin_of(distribution: str) -> str:
    """Where a distribution that came from no index lies or came from; "" for all others.

    direct_url.json is PyPA's "Recording the Direct URL Origin of installed distributions".
    """
    with suppress(metadata.PackageNotFoundError, ValueError, OSError):
        text = metadata.distribution(distribution).read_text("direct_url.json")
        return str(json.loads(text).get("url", "")) if text else ""
    return ""


def place_of(module: str) -> str:
    """The folder of a package, or the file of a module; "" when neither can be told."""
    loaded: Any = sys.modules.get(module)
    if loaded is None:
        from importlib.util import find_spec

        with suppress(ImportError, ValueError, AttributeError):
            loaded = find_spec(module)
    paths = list(getattr(loaded, "__path__", None) or ())
    paths = paths or list(getattr(loaded, "submodule_search_locations", None) or ())
    return str(paths[0] if paths else getattr(loaded, "__file__", "") or "")


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


def metadata_of(distribution: str) -> str:
    """The folder (or file) that says what a distribution is; another one is installed with it."""
    with suppress(metadata.PackageNotFoundError):
        return str(getattr(metadata.distribution(distribution), "_path", ""))
    return ""


def drawn() -> list[str]:
    """The libraries from whose global random numbers the run has drawn."""
    trace: Any = sys.modules[TRACE]
    # rich draws a number when it is imported, for itself.
    is_same = random.getstate() == trace.random or "rich" in sys.modules
    found = [] if is_same else ["random"]
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        # As numpy seeds itself: numpy/random/_mt19937.pyx, _legacy_seeding
        kind, keys, position, has_gauss, _ = numpy.get_state()
        fresh = kind == "MT19937" and keys[0] == 0x80000000 and position == len(keys) - 1
        found += [] if fresh and not has_gauss else ["numpy"]
    return found


def providers_of(names: set[str]) -> dict[str, list[str]]:
    """The distributions that provide top-level modules, for those of `names` that one provides.

    metadata.packages_distributions() does so for all modules, and takes several times as long.
    """
    found: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        for name in names & top_level_of(distribution):
            # What an interrupted pip left behind has no name.
            if distribution.metadata["Name"]:
                found.setdefault(name, []).append(distribution.metadata["Name"])
    return found


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


def report(imported: list[str], before: list[str]) -> str:
    """JSON of what the run needed: Python, distributions, files, libraries, memory, network.

    `imported` are the names that the code imports, `before` the modules that were loaded before
    the first cell. What the run loaded besides is needed too: a back-end chosen at run time, say.
    """
    trace: Any = sys.modules[TRACE]
    run = {name.partition(".")[0] for name in sys.modules} - set(before)
    names = (run | set(imported)) - set(sys.stdlib_module_names)
    providers = providers_of(names)
    versions: dict[str, Any] = {}
    why: dict[str, str] = {}
    local: dict[str, str] = {}
    unknown = []
    for name in sorted(names - {TRACE}):
        if name in providers:
            for distribution in providers[name]:
                place = place_of(name)
                if place and origin_of(distribution):
                    local[name] = place
                    continue
                versions[distribution] = metadata.version(distribution)
                why.setdefault(distribution, "imported" if name in imported else "loaded")
        elif name in imported or getattr(sys.modules.get(name), "__file__", None):
            unknown.append(name)
    for part in KERNEL_PARTS:
        with suppress(metadata.PackageNotFoundError):
            versions[part] = metadata.version(part)
    # What an interrupted pip left behind has no version.
    known = {name: version for name, version in versions.items() if version}
    return json.dumps(
        {
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
            "prefix": sys.prefix,
            "versions": known,
            "why": {name: why.get(name, "") for name in known},
            "sizes": {name: size_of(name) for name in known},
            "local": local,
            "unknown": unknown,
            "read": [path for path in trace.read if os.path.isfile(path)],
            "written": [path for path in trace.written if os.path.exists(path)],
            "libraries": sorted(set(loaded_libraries()) - set(trace.libraries)),
            "peak_memory": peak_memory(),
            "addresses": list(trace.ports),
            "connected_in": list(trace.connected_in),
            "outdated_in": list(trace.outdated_in),
            "ran": [name for name in trace.ran if name],
            "listed": list(trace.listed),
            "drawn": drawn(),
            "installed": installed_in(),
            "settings": [
                *settings_of_ipython(),
                *filter(None, map(metadata_of, sorted(known))),
            ],
        }
    )
