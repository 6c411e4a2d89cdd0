"""The docker form of a Space: the files that the Hub builds into a container with a live kernel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import nbformat

from nb2space.environment import Environment
from nb2space.environment.requirements import requirements_text
from nb2space.notebook import Notebook
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.seal import seal
from nb2space.space import MANIFEST, Manifest, SpaceFile, entries_of, made_by, manifest_bytes
from nb2space.strip import Stripped

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# The most characters of short_description: huggingface.co/docs/hub/spaces-config-reference
_SHORT_DESCRIPTION = 60


@dataclass(frozen=True)
class Look:
    """What the author decides of the app's looks; `theme` is "light" or "dark"."""

    title: str
    theme: str
    show_source: bool


def docker_files(
    stripped: Stripped,
    *,
    look: Look,
    notebook_name: str,
    environment: Environment,
    modules: dict[str, bytes],
    space_id: str,
    key: str,
) -> tuple[list[SpaceFile], Manifest]:
    """All files of the Space, the manifest among them, and the manifest.

    `modules` are the author's own modules (content by relative path); they and the code cells
    are in no file but the sealed one.
    """
    live = nbformat.writes(stripped.live).encode()
    files = [
        SpaceFile("README.md", _card(look, stripped.viewer), "title and settings of the Space"),
        SpaceFile("Dockerfile", _dockerfile(environment, notebook_name), "how the Hub builds it"),
        SpaceFile(
            "requirements.txt",
            requirements_text(environment).encode(),
            "the packages, in the versions of the author's run",
        ),
        SpaceFile(
            notebook_name,
            (nbformat.writes(stripped.viewer) + "\n").encode(),
            "the notebook with its code, which the author made public"
            if look.show_source
            else "the notebook's text and outputs, without code",
        ),
        SpaceFile("sealed.bin", seal({NOTEBOOK: live, **modules}, key), "the code, encrypted"),
        *_runtime_files(),
    ]
    manifest = Manifest(
        space_id=space_id,
        form="docker",
        title=look.title,
        notebook=notebook_name,
        theme=look.theme,
        show_source=look.show_source,
        python=environment.python,
        made_by=made_by(),
        files=entries_of(files),
    )
    files.append(SpaceFile(MANIFEST, manifest_bytes(manifest), "the list of these files"))
    return files, manifest


def _card(look: Look, viewer: Notebook) -> bytes:
    return _render(
        "README.md.j2",
        title=look.title,
        short_description=_first_words(viewer),
        show_source=look.show_source,
    )


def _dockerfile(environment: Environment, notebook_name: str) -> bytes:
    return _render("Dockerfile.j2", python=environment.python, notebook=notebook_name)


def _render(name: str, **values: object) -> bytes:
    from jinja2 import Environment as Jinja
    from jinja2 import StrictUndefined

    jinja = Jinja(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    # A JSON string is a YAML string, whatever is in it.
    jinja.filters["yaml"] = lambda text: json.dumps(text, ensure_ascii=False)
    template = resources.files("nb2space.templates").joinpath("space", name)
    return jinja.from_string(template.read_text(encoding="utf-8")).render(**values).encode()


def _first_words(viewer: Notebook) -> str:
    """The notebook's first line of running text, short enough for the card; "" without one."""
    for cell in viewer.cells:
        if cell.cell_type != "markdown":
            continue
        for line in cell.source.splitlines():
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`<>#|$]", r"\1", line).strip()
            if text and not line.lstrip().startswith(("#", "<", "|", "-", "!")):
                if len(text) <= _SHORT_DESCRIPTION:
                    return text
                return text[: _SHORT_DESCRIPTION - 1].rpartition(" ")[0].rstrip(",;:.") + "…"
    return ""


def _runtime_files() -> list[SpaceFile]:
    """The runtime package, and the page's template where Voila looks for one."""
    files = [
        SpaceFile(f"runtime/{path.name}", path.read_bytes(), "the server of the app")
        for path in _sorted(resources.files("nb2space.runtime"))
        if path.name.endswith(".py")
    ]
    files += [
        SpaceFile(
            f"runtime/share/voila/templates/nb2space/{path.name}",
            path.read_bytes(),
            "how the page looks",
        )
        for path in _sorted(resources.files("nb2space.templates").joinpath("viewer"))
    ]
    return files


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted((path for path in folder.iterdir() if path.is_file()), key=lambda p: p.name)
