"""The docker form of a Space: the files that the Hub builds into a container with a live kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import nbformat

from nb2space.notebook import Notebook, text_lines
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.seal import key_secret, seal
from nb2space.space import (
    DOCKER,
    MANIFEST,
    Manifest,
    SpaceFile,
    entries_of,
    made_by,
    manifest_bytes,
)
from nb2space.strip import Stripped

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# The most characters of short_description: huggingface.co/docs/hub/spaces-config-reference
_SHORT_DESCRIPTION = 60

# Breaks of lines and what is not printable, as YAML 1.1 has it.
_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Look:
    """What the author decides of the app's looks.

    `theme` is "light" or "dark"; `language` is the one in which nb2space itself speaks to
    viewers, "en" or "id".
    """

    title: str
    theme: str
    language: str
    show_source: bool
    hardware: str = ""


@dataclass(frozen=True)
class Needs:
    """What the image installs: the text of requirements.txt, Debian packages, Python's version."""

    requirements: str
    packages: tuple[str, ...] = ()
    python: str = ""


def docker_files(
    stripped: Stripped,
    *,
    look: Look,
    notebook_name: str,
    needs: Needs,
    own_files: dict[str, bytes],
    page: Sequence[SpaceFile],
    space_id: str,
    key: str,
    sharing: str = "",
) -> tuple[list[SpaceFile], Manifest]:
    """All files of the Space, the manifest among them, and the manifest.

    `own_files` are the author's modules and data files (content by relative path); they and the
    code cells are in no file but the sealed one. `page` are the files of the page that viewers have
    until their kernel is ready. `sharing` is for the manifest.
    """
    files = [
        SpaceFile(
            "README.md",
            space_card(look, stripped.viewer, DOCKER),
            "title and settings of the Space",
        ),
        SpaceFile("Dockerfile", _dockerfile(needs, notebook_name, key), "how the Hub builds it"),
        SpaceFile(
            "requirements.txt",
            needs.requirements.encode(),
            "the packages, in the versions of the author's run",
        ),
        SpaceFile(
            notebook_name,
            _encoded(nbformat.writes(stripped.viewer) + "\n"),
            "the notebook with its code, which the author made public"
            if look.show_source
            else "the notebook's text and outputs, without code",
        ),
        SpaceFile("sealed.bin", bundle_of(stripped.live, own_files, key), "the code, encrypted"),
        *page,
        *_runtime_files(),
    ]
    if needs.packages:
        text = "".join(f"{package}\n" for package in needs.packages)
        files.append(SpaceFile("apt.txt", text.encode(), "the system packages"))
    return with_manifest(
        files,
        form=DOCKER,
        look=look,
        notebook_name=notebook_name,
        space_id=space_id,
        python=needs.python,
        sharing=sharing,
    )


def with_manifest(
    files: list[SpaceFile],
    *,
    form: str,
    look: Look,
    notebook_name: str,
    space_id: str,
    python: str,
    sharing: str = "",
) -> tuple[list[SpaceFile], Manifest]:
    """`files` with the manifest that lists them, and the manifest; the same in both forms."""
    manifest = Manifest(
        space_id=space_id,
        form=form,
        title=look.title,
        notebook=notebook_name,
        theme=look.theme,
        language=look.language,
        show_source=look.show_source,
        python=python,
        made_by=made_by(),
        sharing=sharing,
        files=entries_of(files),
    )
    listing = SpaceFile(MANIFEST, manifest_bytes(manifest), "the list of these files")
    return [*files, listing], manifest


def bundle_of(live: Notebook, own_files: dict[str, bytes], key: str) -> bytes:
    """The live notebook and the author's files, sealed."""
    return seal({NOTEBOOK: _encoded(nbformat.writes(live)), **own_files}, key)


def space_card(look: Look, viewer: Notebook, form: str) -> bytes:
    """The Space's README.md: its title and settings, and what it is, in a few words."""
    return _render(
        "README.md.j2",
        form=form,
        title=" ".join(look.title.split()),
        short_description=_first_words(viewer),
        show_source=look.show_source,
        hardware=look.hardware,
    )


def _dockerfile(needs: Needs, notebook_name: str, key: str) -> bytes:
    return _render(
        "Dockerfile.j2",
        python=needs.python,
        packages=bool(needs.packages),
        notebook=notebook_name,
        key_secret=key_secret(key),
    )


def _render(name: str, **values: object) -> bytes:
    from jinja2 import Environment as Jinja
    from jinja2 import StrictUndefined

    jinja = Jinja(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    jinja.filters["yaml"] = _yaml_string
    template = resources.files("nb2space.templates").joinpath("space", name)
    return _encoded(jinja.from_string(template.read_text(encoding="utf-8")).render(**values))


def _encoded(text: str) -> bytes:
    # A title from the command line may hold what is no text in any encoding.
    return text.encode("utf-8", errors="replace")


def _yaml_string(text: str) -> str:
    # A JSON string is a YAML string, but for characters that YAML wants escaped.
    return _NOT_IN_YAML.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _first_words(viewer: Notebook) -> str:
    """The notebook's first line of running text, short enough for the card; "" without one."""
    for line in text_lines(viewer):
        line = re.sub(r"<!--.*?(?:-->|$)", "", line)
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`<>#|$]", r"\1", line).strip()
        if text and not line.lstrip().startswith(("#", "<", "|", "-", "!")):
            if len(text) <= _SHORT_DESCRIPTION:
                return text
            start = text[: _SHORT_DESCRIPTION - 1]
            # Not every script puts blanks between words.
            return (start.rpartition(" ")[0] or start).rstrip(",;:.") + "…"
    return ""


def _runtime_files() -> list[SpaceFile]:
    """The runtime package, and the live session's template where Voila looks for one."""
    files = [
        SpaceFile(path, module.read_bytes(), "the server of the app")
        for path, module in _modules(resources.files("nb2space.runtime"), "runtime")
    ]
    files += [
        SpaceFile(
            f"runtime/share/voila/templates/nb2space/{path.name}",
            path.read_bytes(),
            "what a live session sends",
        )
        for path in _sorted(resources.files("nb2space.templates").joinpath("live"))
    ]
    return files


def _modules(package: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    """Path and file of each module of a package, and of the packages in it."""
    for module in _sorted(package):
        if module.name.endswith(".py"):
            yield f"{path}/{module.name}", module
    for inner in sorted(package.iterdir(), key=lambda folder: folder.name):
        if inner.is_dir() and inner.joinpath("__init__.py").is_file():
            yield from _modules(inner, f"{path}/{inner.name}")


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted((path for path in folder.iterdir() if path.is_file()), key=lambda p: p.name)
