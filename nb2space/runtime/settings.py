"""What the runtime is told: by the Space folder's manifest, and by its environment."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

PORT = 7860
"""The port a Space is asked on: huggingface.co/docs/hub/spaces-sdks-docker (app_port)."""

PREFIX = "NB2SPACE_"


@dataclass(frozen=True)
class Limits:
    """What viewers may take.

    `idle` is the seconds after which the kernel of a page that nobody uses is ended, `gone` those
    after which one is that no page is connected to; `kernels_per_client` counts the kernels of one
    address.
    """

    idle: int = 3600
    gone: int = 30
    kernels_per_client: int = 20


@dataclass(frozen=True)
class Settings:
    """Where the app is and how it is served.

    `version` changes with every file of the Space; with `watch` an open page follows it; when
    `tethered`, the server ends with the process at the other end of its standard input.
    """

    folder: Path
    notebook: str
    title: str
    theme: str
    show_source: bool
    language: str
    version: str
    key: str
    host: str
    port: int
    kernel: str
    watch: bool
    tethered: bool
    limits: Limits = Limits()


def take_settings(folder: Path, environment: MutableMapping[str, str] = os.environ) -> Settings:
    """The settings of the Space in `folder`; everything of nb2space leaves `environment`.

    The key is in the environment of this process for no longer than this call, so that no kernel
    and no crash report inherits it.
    """
    raw = (folder / "nb2space.json").read_bytes()
    manifest = json.loads(raw)
    given = {name: environment.pop(name) for name in list(environment) if name.startswith(PREFIX)}
    return Settings(
        folder=folder,
        notebook=manifest["notebook"],
        title=manifest["title"],
        theme=manifest["theme"],
        show_source=manifest["show_source"],
        language=manifest["language"],
        version=hashlib.sha256(raw).hexdigest()[:16],
        key=given.get("NB2SPACE_KEY", ""),
        host=given.get("NB2SPACE_HOST", "0.0.0.0"),
        port=_number(given, "NB2SPACE_PORT", PORT, most=65535),
        kernel=given.get("NB2SPACE_KERNEL", "python3"),
        watch=given.get("NB2SPACE_WATCH", "") == "1",
        tethered=given.get("NB2SPACE_TETHERED", "") == "1",
        limits=Limits(
            idle=_number(given, "NB2SPACE_IDLE_SECONDS", Limits.idle),
            gone=_number(given, "NB2SPACE_GONE_SECONDS", Limits.gone),
            kernels_per_client=_number(
                given, "NB2SPACE_KERNELS_PER_CLIENT", Limits.kernels_per_client
            ),
        ),
    )


def _number(given: Mapping[str, str], name: str, usual: int, most: int = 1_000_000_000) -> int:
    """The whole number that the variable `name` gives, `usual` when it gives none."""
    text = given.get(name, "")
    number = int(text) if text.isdecimal() else 0 if text else usual
    if not 1 <= number <= most:
        raise SystemExit(f"{name} is '{text}'. Give a whole number from 1 to {most}, or none.")
    return number
