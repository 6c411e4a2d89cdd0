"""The stage of a conversion that makes the files of a Space, with a kernel or without one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nb2space.docker import Look, bundle_of, docker_files
from nb2space.execute import Executed
from nb2space.keystore import Record, keep_bundle
from nb2space.material import Material
from nb2space.needs import refuse_logins
from nb2space.options import Options
from nb2space.page.first import page_files
from nb2space.page.public import masked_frozen, public_frozen
from nb2space.page.static import static_files
from nb2space.page.tables import Frozen
from nb2space.runtime.masking import Mask
from nb2space.secrets import Finding, LiftedCode
from nb2space.sharing import Sharing, sharing_of, with_sharing
from nb2space.source import Source
from nb2space.space import Manifest, SpaceFile
from nb2space.strip import Stripped
from nb2space.widgetseed import with_widget_seed

# Seconds after which people lose interest: nngroup.com/articles/response-times-3-important-limits
_PATIENCE = 10


@dataclass(frozen=True)
class Made:
    """The files of a Space with its manifest, and what the author should know of it."""

    files: list[SpaceFile]
    manifest: Manifest
    notices: tuple[str, ...]
    secrets: tuple[Finding, ...] = ()


def with_kernel(
    source: Source,
    executed: Executed,
    material: Material,
    stripped: Stripped,
    look: Look,
    record: Record,
    options: Options,
) -> Made:
    """The Space as a container with a live kernel.

    Raises FindingError and InputError for what the image may not install.
    """
    refuse_logins(material.needs, source.ignored)
    sharing = _sharing(source, executed, material.own, options)
    live = with_widget_seed(with_sharing(stripped.live, sharing), executed.widget_seed)
    files, manifest = docker_files(
        replace(stripped, live=live),
        look=look,
        notebook_name=_published_name(source.path),
        needs=material.needs,
        own_files=material.sealed,
        page=page_files(stripped.viewer, look),
        space_id=record.space_id,
        key=record.key,
        sharing=sharing.ends,
    )
    said = (*material.notices, *sharing.notices, *_waiting(executed, sharing))
    return Made(files, manifest, said)


def without_kernel(
    source: Source,
    executed: Executed,
    material: Material,
    stripped: Stripped,
    look: Look,
    record: Record,
    recording: Frozen,
    to_mask: Iterable[str],
    veil: Mask,
) -> Made:
    """The Space as a page that plays `recording`, in which the values `to_mask` are masked, and
    private paths by `veil`."""
    frozen, found = masked_frozen(recording, to_mask, source.ignored)
    values = {"states": veil.value(frozen.states), "blobs": veil.value(frozen.blobs)}
    frozen = public_frozen(replace(frozen, **values), stripped.viewer, stripped.model_ids)
    files, manifest = static_files(
        stripped.viewer,
        frozen,
        look=look,
        notebook_name=_published_name(source.path),
        space_id=record.space_id,
        prefix=executed.environment.prefix,
        python=material.needs.python,
    )
    # What the audit compares with lies beside the key, and nowhere else.
    keep_bundle(record, bundle_of(stripped.live, material.sealed, record.key))
    said = (*frozen.notices, *frozen.losses, *_without_secrets(material.code))
    return Made(files, manifest, said, tuple(found))


def _sharing(
    source: Source, executed: Executed, own_files: Mapping[str, bytes], options: Options
) -> Sharing:
    if not options.share:
        return Sharing(ends="No cell is shared, as you said.")
    environment = executed.environment
    return sharing_of(
        executed.notebook,
        own_files,
        unsettled={
            **dict.fromkeys(environment.outdated_in, "reads a file that a later cell writes"),
            **dict.fromkeys(environment.connected_in, "uses the network"),
        },
        widgets=executed.cell_widgets,
        secrets=source.code.values.keys(),
        refresh=options.refresh_every,
    )


def _waiting(executed: Executed, sharing: Sharing) -> list[str]:
    seconds = sum(
        took for place, took in enumerate(executed.cell_seconds) if place not in sharing.cells
    )
    if seconds < _PATIENCE:
        return []
    return [
        f"Each viewer's controls wait about {seconds:.0f} s while the cells run for them. Keep "
        "what takes long in a file that the notebook reads."
    ]


def _without_secrets(code: LiftedCode) -> list[str]:
    names = sorted({*code.values, *code.read})
    if not names:
        return []
    return [f"The page has no kernel, so the Space is not given {', '.join(names)}."]


def _published_name(path: Path) -> str:
    """The notebook's name as it stands in the Space: one that Docker takes for no pattern."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.") or "notebook"
    return f"{stem}.ipynb"
