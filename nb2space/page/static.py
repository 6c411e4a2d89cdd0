"""The static form of a Space: files that any web server can give out, with no kernel behind."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from nb2space.docker import Look, space_card, with_manifest
from nb2space.notebook import Notebook
from nb2space.page.assets import (
    entry_of,
    front_end_files,
    installed_extensions,
    needed_extensions,
    used_mimes,
    used_modules,
)
from nb2space.page.packs import table_files
from nb2space.page.record.domains import control_key
from nb2space.page.render import EXTENSIONS, SCRIPTS, Page, render_page, script_files, sheet
from nb2space.page.render import STATIC as FRONT_END
from nb2space.page.tables import Frozen
from nb2space.runtime.chunks import BUNDLE
from nb2space.runtime.messages import TEXTS
from nb2space.runtime.pagefiles import STYLES
from nb2space.space import STATIC, Manifest, SpaceFile

INDEX = "index.html"

# What a slider says of which only some steps were recorded.
_IN_STEPS = {"en": "Moves in steps of {step:g}.", "id": "Bergerak dengan langkah {step:g}."}

# Marks a control that is off and cannot be told so: page/index.html.j2 and page/frozen.js.
_OFF = "nb2space-off"

_VERSION = "nb2space-version-of-this-page"


def static_files(
    viewer: Notebook,
    frozen: Frozen,
    *,
    look: Look,
    notebook_name: str,
    space_id: str,
    prefix: str,
    python: str = "",
) -> tuple[list[SpaceFile], Manifest]:
    """All files of the Space, the manifest among them, and the manifest.

    `viewer` is the notebook as viewers may see it, `frozen` what was recorded of its widgets, and
    `prefix` the sys.prefix of the kernel that ran it, where its widgets' front ends are installed.
    """
    frozen = with_hints(frozen, look.language)
    extensions = needed_extensions(
        installed_extensions(prefix), used_modules(frozen), used_mimes(viewer.cells, frozen)
    )
    files = [*table_files(frozen), *front_end_files(extensions), *script_files(SCRIPTS)]
    look_of_page = sheet(look.theme).encode()
    files.append(SpaceFile(STYLES.removeprefix("/"), look_of_page, "how the page looks"))
    html = render_page(
        Page(
            viewer=viewer,
            theme=look.theme,
            language=look.language,
            texts=TEXTS[look.language],
            extensions=[extension.entry for extension in extensions],
            version=_VERSION,
            scripts=[*SCRIPTS, f"{FRONT_END}/{BUNDLE}", f"{EXTENSIONS}/{entry_of(extensions)}"],
        )
    )
    version = _digest_of(files, html)
    files += [
        SpaceFile(INDEX, _encoded(html.replace(_VERSION, version)), "the page"),
        SpaceFile(
            "README.md",
            space_card(replace(look, hardware=""), viewer, STATIC),
            "title and settings of the Space",
        ),
    ]
    return with_manifest(
        files,
        form=STATIC,
        look=look,
        notebook_name=notebook_name,
        space_id=space_id,
        python=python,
    )


def with_hints(frozen: Frozen, language: str) -> Frozen:
    """The recording with controls that say what they cannot do, and are off when that is all."""
    states: dict[str, Any] = dict(frozen.states)
    for name in frozen.coarse:
        state = states[name]["state"]
        hint = {"tooltip": _IN_STEPS[language].format(step=state["step"])}
        states[name] = {**states[name], "state": {**state, **hint}}
    for name in frozen.disabled:
        if name in states:
            state = states[name]["state"]
            off: dict[str, Any] = {}
            if "disabled" in state:
                off = {"disabled": True, "tooltip": TEXTS[language]["needs_live"]}
            elif control_key(state):
                # A tooltip would be too much for ipywidgets' tabs; page/frozen.js gives them one.
                off = {"_dom_classes": [*state.get("_dom_classes", []), _OFF]}
            states[name] = {**states[name], "state": {**state, **off}}
    return replace(frozen, states=states)


def _digest_of(files: list[SpaceFile], html: str) -> str:
    digest = hashlib.sha256(html.encode("utf-8", "replace"))
    for file in files:
        digest.update(hashlib.sha256(file.content).digest())
    return digest.hexdigest()[:16]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
