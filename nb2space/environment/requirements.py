"""requirements.txt of a Space: what the notebook's run used, pinned, and what the runtime needs."""

from __future__ import annotations

import re
from importlib import metadata

from nb2space.environment import Environment

# What the server in the Space imports. Voila's private pieces that the runtime leans on were
# tested with the version installed beside nb2space, so that version is pinned.
RUNTIME_PARTS = ("cryptography", "ipykernel", "ipywidgets", "jupyter_server", "tornado", "voila")


def requirements_text(environment: Environment) -> str:
    """The pinned requirements, sorted and with the reason of each, ending in a line end."""
    author = {_canonical(name): version for name, version in environment.versions.items()}
    runtime = {_canonical(n): metadata.version(n) for n in RUNTIME_PARTS}
    pins = {**runtime, **author}
    return _HEADER + "".join(
        f"{name}=={pins[name]}  # {'runs the app' if name in runtime else 'loaded by the run'}\n"
        for name in sorted(pins)
    )


_HEADER = "# Made by nb2space from the versions on the author's machine.\n"


def _canonical(name: str) -> str:
    # The normal form of a distribution's name: PyPA specification "Names and normalization".
    return re.sub(r"[-_.]+", "-", name).lower()
