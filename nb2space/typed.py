"""Dataclasses out of JSON that anyone may have edited."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, get_origin, get_type_hints

Kind = TypeVar("Kind")

# A manifest has an entry for each file, and working these out takes longer than all the rest.
_hints_of: Callable[[type], dict[str, Any]] = lru_cache(get_type_hints)


def typed(kind: type[Kind], fields: dict[str, Any]) -> Kind:
    """The dataclass `kind` of `fields`.

    Raises TypeError when a field is missing, unknown, or not of the declared type.
    """
    made = kind(**fields)
    for name, hint in _hints_of(kind).items():
        if not isinstance(getattr(made, name), get_origin(hint) or hint):
            raise TypeError(f"'{name}' is not of type {hint}")
    return made
