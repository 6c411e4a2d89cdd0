"""What each kernel runs before the notebook, beside the guard; at conversion, too."""

from __future__ import annotations

from pathlib import Path

from .workplace import Workplace

START_CODE = (
    Path(__file__).with_name("widgetids.py").read_text(encoding="utf-8")
    + "\n\nnumber_widgets()\ndel number_widgets\n"
)


def place_start_code(workplace: Workplace) -> None:
    """Put the code where each kernel runs it before the author's."""
    startup = workplace.home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "01-widgets.py").write_text(START_CODE, encoding="utf-8")
