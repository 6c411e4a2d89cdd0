"""Secrets in notebooks: found wherever they are, lifted out of code, masked everywhere else."""

from __future__ import annotations

from nb2space.secrets.find import Finding, find_in_files, find_secrets, fingerprint
from nb2space.secrets.notebooks import LiftedCode, lift_files, lift_notebook, masked_notebook

__all__ = [
    "Finding",
    "LiftedCode",
    "find_in_files",
    "find_secrets",
    "fingerprint",
    "lift_files",
    "lift_notebook",
    "masked_notebook",
]
