"""What the commands that operate a published Space have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nb2space.cli.output import Sink, output_options
from nb2space.cli.words import ANY_PATH

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from nb2space.keystore import Record

Function = TypeVar("Function", bound=Callable[..., Any])


def space_options(function: Function) -> Function:
    """The argument and options that name a Space, and those of every command."""
    function = output_options(function)
    function = click.option(
        "--to", metavar="OWNER/NAME", help="The Space, where it is not the one of DIR."
    )(function)
    return click.argument("folder", metavar="[DIR]", required=False, type=ANY_PATH)(function)


def find_space(sink: Sink, folder: Path | None, to: str | None) -> tuple[HfApi, str, Record | None]:
    """The Hub's client, the Space that is meant, and what this machine knows of it."""
    from nb2space import hub, operate

    if to is None:
        target, record = operate.remembered_target(folder)
        api = hub.connect(sink.step)
        hub.who_am_i(api)
        return api, target, record
    api = hub.connect(sink.step)
    target, record = operate.named_target(to, hub.who_am_i(api))
    return api, target, record


def mask_of(record: Record | None, secrets: Iterable[str] = ()) -> Callable[[str], str]:
    """Takes out of a text the key and secrets that this machine knows of, and `secrets`."""
    from nb2space.runtime.masking import Mask

    known = [record.key, *record.secrets.values()] if record else []
    return Mask([*known, *secrets]).text
