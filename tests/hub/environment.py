"""The environment in which the client must run to talk to this Hub.

The client reads all of it once, when it is imported (``huggingface_hub/constants.py``).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .state import HubState

CLIENT_ENV = {
    # With hf_xet installed, _commit_api._upload_files would use Xet whatever the server answers.
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # The token of whoever runs the tests must never reach a test.
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
}


def client_env(hub: HubState, home: Path, token: str | None = None) -> dict[str, str]:
    """The environment for a client in a subprocess, with a home of its own.

    ``token`` becomes ``HF_TOKEN``; without one the subprocess has no token at all.
    """
    env = {
        name: value
        for name, value in os.environ.items()
        # A proxy would be asked even for 127.0.0.1.
        if not name.startswith(("HF_", "HUGGING")) and not name.lower().endswith("_proxy")
    }
    env.update(CLIENT_ENV, HF_ENDPOINT=hub.url, HF_HOME=str(home))
    if token is not None:
        env["HF_TOKEN"] = token
        # This setting would hide HF_TOKEN as well.
        del env["HF_HUB_DISABLE_IMPLICIT_TOKEN"]
    return env


def prepare_process() -> None:
    """Set the environment for a client in this process; call it from a ``conftest.py``."""
    os.environ.update(CLIENT_ENV)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None and not constants.HF_HUB_DISABLE_XET:
        raise RuntimeError("huggingface_hub was imported before HF_HUB_DISABLE_XET was set")
