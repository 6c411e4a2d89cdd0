"""The page itself: nbconvert rendering the viewer's notebook with a template of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from nb2space.notebook import Notebook
from nb2space.page.styles import first_styles
from nb2space.runtime.pagefiles import STYLES
from nb2space.runtime.samecells import digest_of
from nb2space.runtime.styles import style_sheet
from nb2space.space import SpaceFile

STATIC = "./voila/static"
EXTENSIONS = "./voila/labextensions"

SCRIPTS = {
    "page/libraries.js": "what finds the installed front ends",
    "page/outputs.js": "what draws outputs",
    "page/frozen.js": "what answers where there is no kernel",
    "page/frontend.js": "the widgets' front end",
}
"""The scripts of every page, in the order in which they run, and why they are there."""

# What a browser shows by itself, as the page has it from the beginning.
_PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
_TEXTS = {"text/markdown", "text/latex"}
_SCRIPT = re.compile(r"<script", re.IGNORECASE)
_FIRST_STYLES = "/* the first styles */"


@dataclass(frozen=True)
class Page:
    """What the page is rendered with.

    `extensions` are front ends as JupyterLab's pages name them; `version` tells one page from the
    next; `scripts` are the addresses of its scripts, in the order in which they run.
    """

    viewer: Notebook
    theme: str
    language: str
    texts: dict[str, str]
    extensions: Sequence[dict[str, Any]]
    version: str
    scripts: Sequence[str]


def script_files(scripts: Mapping[str, str]) -> Iterator[SpaceFile]:
    """The page's scripts as files of the Space; `scripts` says why each is there, by its path."""
    templates = resources.files("nb2space.templates")
    for path, why in scripts.items():
        yield SpaceFile(path, templates.joinpath(path).read_bytes(), why)


def render_page(page: Page) -> str:
    """The HTML of the page, every address in it relative."""
    import nbformat
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from nbconvert.filters import Highlight2HTML

    exporter = HTMLExporter(
        template_name="lab",
        template_file="page/index.html.j2",
        language_code=page.language,
        theme=page.theme,
        extra_template_paths=[str(resources.files("nb2space.templates"))],
        filters={
            "is_still": is_still,
            "digest": digest_of,
            "highlight_code": Highlight2HTML(pygments_lexer="ipython3"),
        },
    )
    shows_source = any(c.cell_type == "code" and c.source for c in page.viewer.cells)
    exporter.exclude_input = not shows_source
    exporter.exclude_output_prompt = exporter.exclude_input_prompt = True
    notebook = nbformat.from_dict(page.viewer)
    # The widgets' states travel in the tables; one copy of them is enough.
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source:
            cell.metadata["transient"] = {"remove_source": True}
    # Not HTMLExporter's own, which would parse the page, and write it anew in another way.
    html, _ = TemplateExporter.from_notebook_node(
        exporter,
        notebook,
        resources={
            "texts": page.texts,
            "version": page.version,
            "scripts": list(page.scripts),
            "styles": STYLES.removeprefix("/"),
            "first_styles": _FIRST_STYLES,
            "configuration": _configuration(page),
        },
    )
    return html.replace(_FIRST_STYLES, first_styles(sheet(page.theme), html), 1)


def sheet(theme: str) -> str:
    """The whole style sheet of pages in `theme`."""
    from jupyter_core.paths import jupyter_path

    return style_sheet([Path(path) for path in jupyter_path()], theme)


def is_still(output: Any) -> bool:
    """True for an output that the page shows without any script; formulas are set later."""
    data = dict(output.get("data") or {})
    if _PICTURES & set(data):
        return True
    shown = set(data) - {"text/plain"}
    if shown == {"text/html"}:
        return not _SCRIPT.search(_text(data))
    return shown <= _TEXTS


def _text(data: dict[str, Any]) -> str:
    text = data.get("text/html", "")
    return text if isinstance(text, str) else "".join(text)


def _configuration(page: Page) -> dict[str, Any]:
    """What webpack's scripts and our own read of their page."""
    return {
        "fullStaticUrl": STATIC,
        "fullLabextensionsUrl": EXTENSIONS,
        "federated_extensions": list(page.extensions),
    }
