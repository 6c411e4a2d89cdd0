"""requirements.txt of a Space: what is declared or was used, and what the runtime needs."""

from __future__ import annotations

from importlib import metadata

from nb2space.environment import Environment
from nb2space.environment.declared import Declared, name_of

# What the server in the Space imports. Voila's private pieces that the runtime leans on were
# tested with the version installed beside nb2space, so that version is pinned.
RUNTIME_PARTS = ("cryptography", "ipykernel", "ipywidgets", "jupyter_server", "tornado", "voila")

# Their wheels on PyPI carry several gigabytes for graphics cards, which a Space's processor has no
# use for: pytorch.org/get-started/locally
_TORCH = {"torch", "torchvision", "torchaudio"}
_TORCH_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"

_HEADER = "# Made by nb2space from the versions on the author's machine.\n"


def requirements_text(
    environment: Environment, declared: Declared | None = None, installed: tuple[str, ...] = ()
) -> str:
    """The requirements, sorted and with the reason of each, ending in a line end.

    What is `declared` stands as it is; without it, all that the run loaded is pinned. `installed`
    are the requirements of the notebook's own `%pip install` lines.
    """
    lines: dict[str, str] = {}
    options: dict[str, None] = {}
    used = {name_of(name): (name, version) for name, version in environment.versions.items()}
    for part in RUNTIME_PARTS:
        lines[name_of(part)] = f"{name_of(part)}=={metadata.version(part)}  # runs the app"
    for name, (_, version) in used.items():
        why = environment.why.get(used[name][0], "loaded") or "loaded"
        if declared and declared.where and name not in lines and why != "imported":
            continue
        reason = "runs the app" if name in lines else f"{why} by the {_USER[why]}"
        lines[name] = f"{_pinned(name, version)}  # {reason}"
    for line in installed:
        name = name_of(line)
        if name and name not in used:
            lines[name] = f"{line}  # installed by the code"
    for line in declared.requirements if declared else ():
        name = name_of(line)
        if name:
            lines[name] = f"{line}  # {declared.where if declared else ''}"
        else:
            options[line] = None
    if _TORCH & set(lines):
        options[_TORCH_INDEX] = None
    head = "".join(f"{option}\n" for option in options)
    return _HEADER + head + "".join(f"{lines[name]}\n" for name in sorted(lines))


_USER = {"imported": "code", "loaded": "run"}


def _pinned(name: str, version: str) -> str:
    # What is behind "+" names a build of the author's machine, which no index may have.
    public = version.partition("+")[0]
    return f"{name}=={public}+cpu" if name in _TORCH else f"{name}=={public}"
