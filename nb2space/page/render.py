"""The page itself: Voila's own exporter, rendering the viewer's notebook without a server.

These pieces of Voila are used that are not its public interface, and nowhere else in this package:
`VoilaExporter.generate_from_notebook_node`, `voila.paths.collect_template_paths` and
`collect_static_paths`, the blocks and variables of the `lab` template, and the names in the page's
configuration that its front end reads.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import Any

from nb2space.notebook import Notebook
from nb2space.runtime.samecells import digest_of

KERNEL = "recorded"
"""The id of the kernel that is none."""

STATIC = "./voila/static"
EXTENSIONS = "./voila/labextensions"

# What a browser shows by itself, as the page has it from the beginning.
_PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
# An output is rendered by Voila when its page would not: scripts in it, and formulas.
_NEEDS_SCRIPT = re.compile(r"<script|\$|\\\(|\\\[", re.IGNORECASE)
_TEMPLATE_ADDRESS = re.compile(r"\./voila/templates/lab/static/([\w.-]+)(?:\?v=[0-9a-f]+)?")


@dataclass(frozen=True)
class Page:
    """What the page is rendered with.

    `extensions` are front ends as Voila's page names them; `version` tells one page from the next;
    `scripts` are the page's own, which run before Voila's.
    """

    viewer: Notebook
    theme: str
    language: str
    texts: dict[str, str]
    extensions: Sequence[dict[str, Any]]
    version: str
    scripts: Sequence[str] = ("./page/frozen.js",)


def render_page(page: Page) -> str:
    """The HTML of the page, every address in it relative."""
    # In a thread of its own, for a caller that has an event loop already.
    with ThreadPoolExecutor(1) as threads:
        html = threads.submit(asyncio.run, _rendered(page)).result()
    return _TEMPLATE_ADDRESS.sub(rf"{STATIC}/\1", html)


def is_still(output: Any) -> bool:
    """True for an output that the page shows without any script, as it is."""
    data = dict(output.get("data") or {})
    if _PICTURES & set(data):
        return True
    if "text/html" in data:
        return _shown_types(data) == ["text/html"] and not _NEEDS_SCRIPT.search(_text(data))
    return set(data) == {"text/plain"}


def has_still(output: Any) -> bool:
    """True for an output that can be shown before scripts run, in a plainer form."""
    data = dict(output.get("data") or {})
    html = _text(data)
    if "text/html" in data:
        return "<script" not in html.lower()
    return "text/markdown" in data or "text/latex" in data


def _shown_types(data: dict[str, Any]) -> list[str]:
    return [mime for mime in data if mime != "text/plain"]


def _text(data: dict[str, Any]) -> str:
    text = data.get("text/html", "")
    return text if isinstance(text, str) else "".join(text)


async def _rendered(page: Page) -> str:
    import nbformat
    from voila.exporter import VoilaExporter
    from voila.paths import collect_template_paths

    templates = str(resources.files("nb2space.templates"))
    exporter = VoilaExporter(
        template_paths=[*collect_template_paths(["voila", "nbconvert"], "lab"), templates],
        template_name="lab",
        template_file="page/index.html.j2",
        contents_manager=_NoFiles(),
        theme=page.theme,
        base_url="./",
        show_margins=False,
        language_code=page.language,
        filters={"is_still": is_still, "has_still": has_still, "digest": digest_of},
    )
    shows_source = any(c.cell_type == "code" and c.source for c in page.viewer.cells)
    exporter.exclude_input = not shows_source
    exporter.exclude_output_prompt = exporter.exclude_input_prompt = True
    notebook = nbformat.from_dict(page.viewer)
    # The widgets' states travel in the tables; one copy of them is enough.
    notebook.metadata.pop("widgets", None)
    configuration = _configuration(page)
    pieces = exporter.generate_from_notebook_node(
        notebook,
        resources={
            "base_url": "./",
            "theme": page.theme,
            "template": "lab",
            "metadata": {"name": notebook.metadata.get("title", "")},
            "texts": page.texts,
            "version": page.version,
            "watched_version": "",
            "scripts": list(page.scripts),
        },
        page_config=configuration,
        extra_context={
            "frontend": "voila",
            "main_js": "voila.js",
            "kernel_start": _kernel,
            "cell_generator": _cells,
            "progressive_rendering": False,
        },
    )
    return "".join([html async for html, _ in pieces])


def _configuration(page: Page) -> dict[str, Any]:
    """What the front end reads of its page.

    Voila's own function for it would put this machine's paths and settings into it.
    """
    return {
        "appUrl": "voila/",
        "baseUrl": "./",
        "themesUrl": "./voila/themes",
        "fullStaticUrl": STATIC,
        "fullLabextensionsUrl": EXTENSIONS,
        "terminalsAvailable": False,
        "progressiveRendering": False,
        "extensionConfig": {},
        "jupyterLabTheme": page.theme,
        # "null" makes the front end take its own copy of MathJax in place of another host's.
        "mathjaxConfig": "null",
        "fullMathjaxUrl": "null",
        "federated_extensions": list(page.extensions),
    }


async def _kernel(notebook: Notebook) -> str:
    return KERNEL


async def _cells(notebook: Notebook, kernel: str) -> AsyncIterator[Notebook]:
    for cell in notebook.cells:
        yield cell


class _NoFiles:
    """Voila's renderer of Markdown looks for pictures in here; ours are in the text already."""

    def file_exists(self, path: str) -> bool:
        """There are none."""
        return False
