"""The stage of a conversion that executes the notebook, in a form fit for the Space."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nb2space.environment import Environment
from nb2space.environment.installs import quiet_installs, without_installs
from nb2space.environment.requirefiles import included_files
from nb2space.errors import CellError, InputError
from nb2space.execute import Afterwards, Executed, Progress, execute_notebook, inspect_kernel
from nb2space.executions import Run, basis_of, find_run, keep_run
from nb2space.notebook import Notebook
from nb2space.options import Options
from nb2space.ownfiles import included
from nb2space.page.record import Agree, limits_for
from nb2space.page.recording import recorder
from nb2space.paths import relative_paths
from nb2space.runtime.masking import Mask
from nb2space.secrets import secrets_in_traceback
from nb2space.source import Source, known_here
from nb2space.space import DOCKER, STATIC
from nb2space.warmup import load_while_running
from nb2space.widgetseed import widget_seed

# Without a kernel, nobody can ask for a widget that the page does not have.
_PUBLIC = "without a kernel"


@dataclass(frozen=True)
class Dialogue:
    """How a conversion tells the author how far it is, and asks before it runs callbacks (`agree`)
    or takes much with it (`agree_to`)."""

    cells: Progress = lambda number, count: None
    states: Progress = lambda done, count: None
    agree: Agree = lambda cells: None
    agree_to: Callable[[str], None] = lambda question: None


def run_source(source: Source, options: Options, dialogue: Dialogue) -> Run:
    """The executed notebook, its code as it is to run in the Space.

    An earlier run is used again while that is sure to be the same, unless `options.force`. Raises
    InputError and CellError, and what `dialogue.agree` raises.
    """
    if options.parameters and not options.execute:
        raise InputError("-p sets parameters of an execution; it cannot go with --no-execute.")
    if not source.kernel:
        return Run(Executed(source.code.notebook, Environment("", ""), seconds=0.0))
    live = _rewritten(source, without_installs)
    if not options.execute:
        environment = inspect_kernel(live, folder=source.home, kernel=source.kernel)
        return Run(Executed(live, environment, seconds=0.0))
    run = _run(source, _rewritten(source, quiet_installs), options, dialogue)
    for cell, other in zip(run.executed.notebook.cells, live.cells, strict=True):
        cell.source = other.source
    return run


def _run(source: Source, notebook: Notebook, options: Options, dialogue: Dialogue) -> Run:
    # What controls do is recorded from a live kernel only.
    is_plain = options.form == DOCKER
    known = find_run(source, notebook) if is_plain and not options.force else None
    if known:
        return known
    begun = time.time_ns()
    executed = _executed(source, notebook, options, dialogue)
    further = [path for pattern in options.include for path in included(source.home, pattern)]
    further += included_files(source.home / "requirements.txt")
    run = Run(executed, basis_of(source, executed, begun, further))
    if is_plain:
        keep_run(source, notebook, run)
    return run


def _executed(source: Source, notebook: Notebook, options: Options, dialogue: Dialogue) -> Executed:
    loading = load_while_running()
    try:
        executed = execute_notebook(
            notebook,
            folder=source.home,
            kernel=source.kernel,
            timeout=options.timeout,
            progress=dialogue.cells,
            variables=source.code.values,
            afterwards=None if options.form == DOCKER else _recorder(options, dialogue),
            widget_seed=_PUBLIC if options.form == STATIC else widget_seed(notebook),
        )
    except CellError as error:
        # What failed may repeat a secret, and terminals are recorded.
        known = [*source.code.to_mask, *known_here(source.code.read).values()]
        mask = Mask([*known, *secrets_in_traceback(f"{error}\n{error.report}")])
        raise CellError(mask.text(str(error)), mask.text(error.report)) from None
    loading.join()
    return executed


def _recorder(options: Options, dialogue: Dialogue) -> Afterwards:
    limits = limits_for(options.max_states, options.coarsen)
    return recorder(limits, dialogue.states, dialogue.agree)


def _rewritten(source: Source, change: Callable[[str], str]) -> Notebook:
    """A copy whose code has relative paths and what `change` makes of it."""
    import nbformat

    copy = nbformat.from_dict(source.code.notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = change(relative_paths(cell.source, source.home))
    return copy
