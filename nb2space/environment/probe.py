"""Runs under the notebook's own interpreter, so it imports nothing but the standard library.

Called twice in the kernel, before the first cell and after the last; both answer in JSON.
"""

import json
import sys
from contextlib import suppress
from importlib import metadata

# The kernel's own parts, pinned to what the author used whether or not the code names them.
KERNEL_PARTS = ("ipykernel", "ipywidgets")


def loaded() -> str:
    """JSON list of the top-level modules that are loaded now."""
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
    for name in sorted(names):
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
        }
    )
