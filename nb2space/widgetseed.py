"""What the ids of an app's widgets are drawn from: the same in each run of the same notebook.

A page knows the ids of the widgets that it shows. With another's, a viewer could have the app name
that widget where it repeats what was entered, and so be shown its state. So nobody may guess one.
"""

from __future__ import annotations

import hmac

from nb2space.keystore import machine_key
from nb2space.notebook import Notebook


def widget_seed(notebook: Notebook) -> str:
    """The seed of this code on this machine, hexadecimal."""
    digest = hmac.new(machine_key(), digestmod="sha256")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def with_widget_seed(live: Notebook, seed: str) -> Notebook:
    """A copy of the live notebook that tells the runtime the seed of its conversion's run."""
    import nbformat

    copy = nbformat.from_dict(live)
    if seed:
        copy.metadata.setdefault("nb2space", {})["widget_seed"] = seed
    return copy
