"""A corpus of notebooks with made-up secrets in them, and of look-alikes that hold none."""

from __future__ import annotations

from . import innocent, innocent_elsewhere, innocent_values, true_calls, true_code, true_elsewhere
from .parts import Case, read_cases
from .unseen_innocent import unseen_innocent
from .unseen_true import unseen_true

__all__ = [
    "Case",
    "innocent_cases",
    "true_cases",
    "unseen_innocent_cases",
    "unseen_true_cases",
]


def true_cases() -> list[Case]:
    """The notebooks in which there is something to find."""
    return [
        case
        for module in (true_code, true_calls, true_elsewhere)
        for case in read_cases(module.CASES)
    ]


def innocent_cases() -> list[Case]:
    """The notebooks in which every finding is a false accusation."""
    return [
        case
        for module in (innocent, innocent_values, innocent_elsewhere)
        for case in read_cases(module.CASES)
    ]


def unseen_true_cases() -> list[Case]:
    """More notebooks with something to find, on which no finder was tuned."""
    return unseen_true()


def unseen_innocent_cases() -> list[Case]:
    """More notebooks with nothing to find, on which no finder was tuned."""
    return unseen_innocent()
