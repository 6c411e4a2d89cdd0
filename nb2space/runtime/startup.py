"""A quick start: what libraries load and nobody here uses."""

from __future__ import annotations

import sys


def skip_unused_grammar() -> None:
    """Keep jsonschema from building its grammars of international web addresses and durations.

    That takes two seconds of every start, and no schema of notebooks or of Jupyter's servers has
    the formats "iri", "iri-reference" and "duration", which are then simply not checked.
    """
    for name in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
