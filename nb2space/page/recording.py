"""Recording a notebook's controls as a stage of a conversion, and what that leaves out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from nb2space.errors import FindingError
from nb2space.execute import Afterwards, Executed
from nb2space.page.record import Agree, Limits, Progress, record
from nb2space.page.record.names import describe
from nb2space.page.tables import Frozen, frozen_without_tables
from nb2space.widgets import saved_models

_MOST_NAMED = 10


def recorder(limits: Limits, progress: Progress, agree: Agree) -> Afterwards:
    """What `execute_notebook` is to do afterwards, to record what the controls do."""
    return partial(record, limits=limits, progress=progress, agree=agree)


def recording_of(executed: Executed) -> Frozen:
    """What was recorded of the notebook's run; without a recording its controls are off."""
    if isinstance(executed.afterwards, Frozen):
        return executed.afterwards
    frozen = frozen_without_tables(saved_models(executed.notebook.metadata))
    names = [
        describe(model_id, {model_id: frozen.states[model_id]["state"]}, {})
        for model_id in frozen.disabled
    ]
    if not names:
        return frozen
    loss = (
        f"What {', '.join(names[:_MOST_NAMED])}{' …' if len(names) > _MOST_NAMED else ''} would "
        "show was not recorded, since the notebook was not executed."
    )
    return replace(frozen, losses=(loss,))


def refuse_losses(frozen: Frozen) -> None:
    """Raise FindingError, with the list, when something cannot work without a kernel."""
    if frozen.losses:
        raise FindingError(
            f"Without a kernel some of the notebook cannot work, so nothing was written. "
            f"{losses_in_words(frozen)} Make the app with a kernel (leave out --static), or show "
            "these controls greyed and off with --allow-frozen."
        )


def losses_in_words(frozen: Frozen) -> str:
    """What cannot work without a kernel, as sentences; of very many the first."""
    more = len(frozen.losses) - _MOST_NAMED
    tail = [f"And {more} more."] if more > 0 else []
    return " ".join([*frozen.losses[:_MOST_NAMED], *tail])
