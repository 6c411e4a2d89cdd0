"""Recording a notebook's controls from its live kernel, for a page that has no kernel.

`record` drives the kernel as a browser would: it sets each control to each of its values and notes
what everything else on the page becomes. Call it while the kernel still lives:

    executed = execute_notebook(notebook, ..., afterwards=partial(record, limits=Limits()))
    frozen = executed.afterwards

The author's callbacks really run for every state, with whatever they do beside showing something.
"""

from __future__ import annotations

import contextlib
from typing import Any

from nb2space.notebook import Notebook
from nb2space.page.record.controls import Controls
from nb2space.page.record.handover import frozen_of
from nb2space.page.record.limits import Agree, Limits, Progress, limits_for
from nb2space.page.record.recording import Whole
from nb2space.page.record.session import KernelLost, Session, TooSlow
from nb2space.page.tables import Frozen

__all__ = ["Agree", "Limits", "Progress", "limits_for", "record"]


async def record(
    client: Any,
    *,
    notebook: Notebook | None = None,
    limits: Limits | None = None,
    progress: Progress = lambda done, count: None,
    agree: Agree = lambda cells: None,
) -> Frozen:
    """What every control of an executed notebook does, as tables that a page can play.

    `client` is an nbclient NotebookClient whose cells were executed and whose kernel lives;
    `notebook` is the executed one (default: the client's), where the cells' numbers and tags are.
    `agree` is called before any callback runs; what it raises is raised.
    Never raises for what the author's code does: what cannot be recorded is in `disabled` (by
    model id, with the reason) and in `notices` (a sentence for the author).
    """
    limits = limits or Limits()
    session = Session(client, limits.state_seconds)
    try:
        await session.open()
    except (KernelLost, TooSlow):
        return Frozen({}, {}, (), (), {}, (), ("The kernel did not tell what its widgets are.",))
    controls = Controls(session, client.nb if notebook is None else notebook)
    whole = Whole(session, controls, limits, progress)
    with contextlib.suppress(KernelLost, TooSlow):
        if cells := await whole.cells():
            agree(cells)
    await whole.run()
    if await client.km.is_alive():
        with contextlib.suppress(KernelLost, TooSlow):
            await session.close()
    return frozen_of(whole)
