"""What the notebook's kernel runs on: Python's version and the distributions that the run used."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from nb2space.errors import InputError
from nb2space.notebook import Notebook
from nb2space.syntax import parse_code
from nb2space.typed import typed

_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Environment:
    """The notebook's interpreter and what must be installed for it.

    `python` is "3.11"; `prefix` is its sys.prefix on the author's machine; `versions` maps each
    distribution that the run needed to the installed version; `why` says of each whether the code
    imports it ("imported") or something else loaded it; `sizes` are their bytes on the disk.
    `modules` are the paths of the author's own modules, `unknown` the imports that nothing here
    provides. `local` tells of each distribution that was installed from a folder or a repository
    rather than an index: its `origin` (a URL), whether it is `editable`, its `metadata` (a path),
    whether the run `used` it, and the paths of its `modules`. `distributions` has the `version` and
    the requirements (`requires`) of all that is installed, by normal name.
    `read` and `written` are the absolute paths of the files that Python opened; `read_in` has the
    execution count of the cell that first read a file which was there before the run. `opened` are
    files below the notebook's folder that anything opened, as the system told, where it was
    `watched`. `libraries` are the shared libraries that the run loaded, `ran` the names of the
    programs that it started, `commands` what it gave to a shell, `addresses` the "host:port" that
    it connected to, and `connected_in` the execution counts of the cells that did; `outdated_in`
    are those of cells that read a file which a later cell wrote. `peak_memory` is in bytes.
    `listed` are the folders whose files the run listed, `drawn` the libraries from whose global
    random numbers it drew. `installed` are the folders of Python's own modules and of packages;
    `settings` are files and folders beside those that a run follows from: IPython's start-up
    files, and what says which version of a distribution is there.
    """

    python: str
    prefix: str
    versions: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    distributions: dict[str, Any] = field(default_factory=dict)
    read_in: dict[str, int] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    watched: bool = False
    commands: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    connected_in: tuple[int, ...] = ()
    outdated_in: tuple[int, ...] = ()
    peak_memory: int = 0
    listed: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


async def begin_trace(kernel_client: Any) -> list[str]:
    """Begin to note which files the kernel opens; the modules that it has loaded by itself."""
    return list(await _ask(kernel_client, "probe.py", "begin()"))


async def read_environment(
    kernel_client: Any, notebook: Notebook, loaded_before: list[str]
) -> Environment:
    """Ask the notebook's live kernel, after its run, what it runs on.

    `kernel_client` is a jupyter_client asynchronous client.
    """
    names = sorted(imported_names(notebook))
    used = await _ask(kernel_client, "probe.py", "used()")
    needed = await _ask(kernel_client, "inventory.py", f"needed({names!r}, {loaded_before!r})")
    return environment_from({**used, **needed})


def environment_from(report: Mapping[str, Any]) -> Environment:
    """The environment that JSON tells of, the probe's or what `dataclasses.asdict` made of one.

    Raises TypeError for what is none.
    """
    return typed(
        Environment,
        {name: tuple(part) if isinstance(part, list) else part for name, part in report.items()},
    )


async def _ask(kernel_client: Any, module: str, call: str) -> Any:
    """The answer of one of the modules beside this to `call`, in the kernel.

    It leaves nothing in the author's namespace.
    """
    probe = resources.files(__package__).joinpath(module).read_text(encoding="utf-8")
    code = f"(lambda ns: (exec({probe!r}, ns), eval({call!r}, ns))[1])({{}})"
    reply = await kernel_client.execute(
        "",
        silent=True,
        store_history=False,
        user_expressions={"answer": code},
        reply=True,
        timeout=_PROBE_SECONDS,
    )
    result = reply["content"].get("user_expressions", {}).get("answer", {})
    if result.get("status") != "ok":
        raise InputError(
            "The notebook's kernel did not tell which packages it uses "
            f"({result.get('ename', 'no answer')}). Is it an IPython kernel (Python 3.10+)?"
        )
    return json.loads(ast.literal_eval(result["data"]["text/plain"]))


def imported_names(notebook: Notebook) -> set[str]:
    """Top-level names that the code cells import, in callbacks too, read from the syntax tree."""
    names: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            names |= _imports_of(cell.source)
    return names


def _imports_of(source: str) -> set[str]:
    tree = parse_code(source)
    names = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
