"""Secrets in notebooks: found wherever they are, lifted out of code, masked everywhere else."""

from __future__ import annotations

from nb2space.secrets.find import (
    Finding,
    find_in_files,
    find_secrets,
    fingerprint,
    marked_harmless,
    tells_of_packages,
)
from nb2space.secrets.notebooks import (
    LiftedCode,
    lift_files,
    lift_notebook,
    mask_notebook,
    masked_notebook,
    shown_secrets,
)
from nb2space.secrets.tracebacks import secrets_in_traceback

__all__ = [
    "Finding",
    "LiftedCode",
    "find_in_files",
    "find_secrets",
    "fingerprint",
    "lift_files",
    "lift_notebook",
    "marked_harmless",
    "mask_notebook",
    "masked_notebook",
    "secrets_in_traceback",
    "shown_secrets",
    "tells_of_packages",
]
