"""Reading the author's code without running it."""

from __future__ import annotations

import ast
import warnings

from nb2space.magics import RUNS_THE_REST
from nb2space.runtime.codelines import parsed

_RUNS_THE_REST = {f"%%{name}" for name in RUNS_THE_REST}


def parse_code(source: str) -> ast.Module | None:
    """The syntax tree of a code cell, with IPython's own syntax translated; None without one."""
    from IPython.core.inputtransformer2 import TransformerManager

    while source.split(maxsplit=1)[:1] and source.split(maxsplit=1)[0] in _RUNS_THE_REST:
        source = source.lstrip().partition("\n")[2]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain = TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return parsed(plain)
