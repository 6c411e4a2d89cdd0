"""What each kernel runs before the notebook, beside the guard; at conversion, too."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from .workplace import Workplace

# exit() and quit(): a cell that has them would end the kernel that the page is to use.
_STAY = """
from IPython import get_ipython as _shell
_shell().ask_exit = lambda: None
del _shell
"""


def start_code(widget_seed: str) -> str:
    """The code, which draws the ids of widgets from `widget_seed`, and keeps the kernel alive."""
    numbering = Path(__file__).with_name("widgetids.py").read_text(encoding="utf-8")
    return f"{numbering}\n\nnumber_widgets({widget_seed!r})\ndel number_widgets\n{_STAY}"


def place_start_code(workplace: Workplace, live: Any) -> None:
    """Put the code where each kernel runs it before the author's, the `live` notebook.

    A notebook that was not executed has no seed: its page has widgets with ids of other kernels.
    """
    seed = live.metadata.get("nb2space", {}).get("widget_seed") or secrets.token_hex()
    startup = workplace.home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "01-widgets.py").write_text(start_code(seed), encoding="utf-8")
