"""Runs under the notebook's own interpreter, so it imports nothing but the standard library.

Called twice in the kernel, before the first cell and after the last; both answer in JSON.
"""

import json
import os
import sys
from contextlib import suppress
from importlib import metadata
from types import ModuleType
from typing import Any

# Keeps what was seen between the two calls; each is executed in a namespace of its own.
TRACE = "_nb2space_trace"

# The kernel's own parts, pinned to what the author used whether or not the code names them.
KERNEL_PARTS = ("ipykernel", "ipywidgets")


def begin() -> str:
    """Note from now on which files are opened; JSON list of the top-level modules loaded now."""
    trace: Any = ModuleType(TRACE)
    trace.read, trace.written = {}, set()
    sys.modules[TRACE] = trace

    def note(event: str, details: Any) -> None:
        if event == "open" and isinstance(details[0], str | bytes):
            path = os.path.abspath(os.fsdecode(details[0]))
            mode, flags = details[1], details[2]
            writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & os.O_WRONLY
            if writes or flags & (os.O_RDWR | os.O_CREAT):
                trace.written.add(path)
            elif path not in trace.written:
                trace.read[path] = None
        elif event == "sqlite3.connect" and isinstance(details[0], str | bytes):
            trace.read[os.path.abspath(os.fsdecode(details[0]))] = None

    # Python's table of audit events: docs.python.org/3/library/audit_events.html
    sys.addaudithook(note)
    return json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))


def report(imported: list[str], before: list[str]) -> str:
    """JSON of Python's version and prefix, and of the distributions that the run needed.

    `imported` are the names that the code imports, `before` the modules that were loaded before
    the first cell. What the run loaded besides is needed too: a back-end chosen at run time, say.
    """
    providers = metadata.packages_distributions()
    run = {name.partition(".")[0] for name in sys.modules} - set(before)
    names = (run | set(imported)) - set(sys.stdlib_module_names)
    versions, unknown = {}, []
    for name in sorted(names - {TRACE}):
        if name in providers:
            # What an interrupted pip left behind has no name or no version.
            for distribution in filter(None, providers[name]):
                versions[distribution] = metadata.version(distribution)
        elif name in imported or getattr(sys.modules.get(name), "__file__", None):
            unknown.append(name)
    for part in KERNEL_PARTS:
        with suppress(metadata.PackageNotFoundError):
            versions[part] = metadata.version(part)
    return json.dumps(
        {
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
            "prefix": sys.prefix,
            "versions": {name: version for name, version in versions.items() if version},
            "unknown": unknown,
            "read": [path for path in sys.modules[TRACE].read if os.path.isfile(path)],
        }
    )
