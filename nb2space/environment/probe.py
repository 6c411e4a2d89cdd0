"""Runs under the notebook's own interpreter, which need not have nb2space: it imports nothing of it.

Called twice in the kernel, before the first cell and after the last; both answer in JSON.
"""

import json
import sys
from importlib import metadata

# The kernel's own parts, pinned to what the author used whether or not the code names them.
KERNEL_PARTS = ("ipykernel", "ipywidgets")


def loaded():
    """JSON list of the top-level modules that are loaded now."""
    return json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))


def report(imported, before):
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
            for distribution in providers[name]:
                versions[distribution] = metadata.version(distribution)
        elif name in imported or getattr(sys.modules[name], "__file__", None):
            unknown.append(name)
    for part in KERNEL_PARTS:
        try:
            versions[part] = metadata.version(part)
        except metadata.PackageNotFoundError:
            pass
    return json.dumps(
        {
            "python": "%d.%d" % sys.version_info[:2],
            "prefix": sys.prefix,
            "versions": versions,
            "unknown": unknown,
        }
    )
