"""Recording a notebook's controls as a stage of a conversion."""

from __future__ import annotations

from typing import Any

from nb2space.execute import Executed
from nb2space.page.record import record
from nb2space.page.tables import Frozen, frozen_without_tables
from nb2space.widgets import saved_models


async def record_controls(client: Any) -> Frozen | None:
    """What the controls of the executed notebook do; None when there is none to record."""
    try:
        return await record(client)
    except NotImplementedError:
        return None


def recording_of(executed: Executed) -> Frozen:
    """What was recorded of the notebook's run; without a recording its controls are off."""
    if isinstance(executed.afterwards, Frozen):
        return executed.afterwards
    return frozen_without_tables(saved_models(executed.notebook.metadata))
