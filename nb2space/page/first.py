"""The page of an app with a kernel: what viewers have until their own kernel is ready.

It is the page without a kernel, with its widgets as the notebook's run left them and one script
more, which takes it over to the live kernel.
"""

from __future__ import annotations

from nb2space.docker import Look
from nb2space.notebook import Notebook
from nb2space.page.packs import table_files
from nb2space.page.render import SCRIPTS, STATIC, Page, render_page, script_files
from nb2space.page.static import INDEX
from nb2space.page.tables import frozen_without_tables
from nb2space.runtime.chunks import BUNDLE
from nb2space.runtime.messages import TEXTS
from nb2space.runtime.pagefiles import ENTRY
from nb2space.space import SpaceFile
from nb2space.widgets import saved_models

_SCRIPTS = {**SCRIPTS, "page/live.js": "what changes the page over to its kernel"}


def page_files(viewer: Notebook, look: Look) -> list[SpaceFile]:
    """The page of `viewer`, the notebook as viewers may see it, and the files that it loads.

    The widgets' front ends are not among them: the app's server has those that are installed.
    """
    html = render_page(
        Page(
            viewer=viewer,
            theme=look.theme,
            language=look.language,
            texts=TEXTS[look.language],
            extensions=[],
            version="",
            scripts=[*_SCRIPTS, f"{STATIC}/{BUNDLE}", f".{ENTRY}"],
        )
    )
    return [
        SpaceFile(INDEX, html.encode("utf-8", "replace"), "the page that viewers see first"),
        *table_files(frozen_without_tables(saved_models(viewer.metadata))),
        *script_files(_SCRIPTS),
    ]
