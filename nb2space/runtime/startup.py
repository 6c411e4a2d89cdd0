"""A quick start: what libraries load and nobody here uses."""

from __future__ import annotations

import sys


def skip_unused_grammar() -> None:
    """Keep jsonschema from building its grammar of international web addresses.

    That takes two seconds of every start, and no schema of notebooks or of Jupyter's servers has
    the formats "iri" and "iri-reference", which are then simply not checked.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
