"""A conversion from end to end: read, execute, strip, seal, write the Space folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from nb2space.checks import check_place, refuse_leaks_in, refuse_shown_source
from nb2space.conversion import Conversion, find_same, keep_conversion
from nb2space.datavalues import data_notices
from nb2space.deadlinks import link_notices
from nb2space.docker import Look
from nb2space.execute import Executed
from nb2space.forms import with_kernel, without_kernel
from nb2space.keystore import Record, record_for, saved
from nb2space.material import gather, gather_for_page
from nb2space.notebook import title_of
from nb2space.options import Options, to_remember
from nb2space.outputcheck import check_outputs
from nb2space.ownfiles import check_patterns
from nb2space.page.recording import losses_in_words, recording_of, refuse_losses
from nb2space.page.tables import Frozen
from nb2space.places import author_places
from nb2space.running import Dialogue, run_source
from nb2space.runtime.masking import Mask
from nb2space.runtime.places import Places, Veil
from nb2space.seal import new_key
from nb2space.secrets import Finding, masked_notebook, shown_secrets
from nb2space.source import known_here, read_source
from nb2space.space import (
    DOCKER,
    MANIFEST,
    STATIC,
    Manifest,
    check_writable,
    manifest_digest,
    write_folder,
)
from nb2space.strip import Stripped, strip_notebook
from nb2space.tags import tag_notices
from nb2space.warmup import load_while_reading

__all__ = ["Conversion", "Dialogue", "convert"]

_AS_BEFORE = (
    "Neither the code nor what it reads has changed since an earlier run, so that run's outputs "
    "are used; --force executes again."
)


_NO_OUTPUTS = (
    "The notebook has no saved outputs to show, so viewers see its text only. Convert without "
    "--no-execute, or save it with its outputs first."
)


def convert(
    path: Path, folder: Path, options: Options, dialogue: Dialogue | None = None
) -> Conversion:
    """Convert the notebook at `path` into the Space folder `folder`.

    Raises InputError, CellError, FindingError, and what `dialogue.agree` raises; then nothing was
    written.
    """
    replaced = check_place(path, folder)
    same = find_same(path, replaced, folder, options) if replaced else None
    if same:
        # So that it is newer than the notebook, which may have been saved as it was.
        os.utime(folder / MANIFEST)
        return replace(same, notices=(_AS_BEFORE, *same.notices))
    check_writable(folder)
    load_while_reading()
    check_patterns(options.include)
    source = read_source(path, options)
    dialogue = dialogue or Dialogue()
    run = run_source(source, options, dialogue)
    executed = run.executed
    check_outputs(executed.notebook)
    recording = _recording(executed, options)
    is_static = recording is not None and (options.form == STATIC or not recording.losses)
    material = (gather_for_page if is_static else gather)(source, executed, folder, options)
    if material.question:
        dialogue.agree_to(material.question)
    code = material.code
    of_machine = known_here(code.read)
    # A run without them would have failed; where none was, the Space's would.
    unseen = () if options.execute else code.needed
    to_mask = [*code.to_mask, *of_machine.values()]
    shown, found = masked_notebook(executed.notebook, to_mask, source.ignored)
    to_mask += [f.value for f in found]
    if not (options.show_source or options.allow_shown_source):
        refuse_shown_source(shown)
    # Of these the app knows nothing else: its code makes them, or gets them from somewhere.
    shown_only = () if is_static else shown_secrets(executed.notebook, found)
    places = Places(author_places(source.home, executed.environment.prefix))
    title = Veil(code.to_mask, places).text(options.title or title_of(shown, path))
    veil = Veil((), places)
    stripped = strip_notebook(
        shown,
        folder=source.home,
        title=title,
        show_source=options.show_source,
        secrets=replace(code.to_seal, shown=tuple(dict.fromkeys(f.value for f in shown_only))),
        veil=veil,
    )
    look = Look(title, options.theme, options.language, options.show_source, options.hardware)
    record = _record(folder, replaced, options)
    if recording and is_static:
        made = without_kernel(
            source, executed, material, stripped, look, record, recording, to_mask, veil
        )
    else:
        made = with_kernel(source, executed, material, stripped, look, record, options)
    record = replace(
        record,
        notebook=str(path.absolute()),
        kernel=source.kernel,
        prefix=executed.environment.prefix,
        options=to_remember(
            options,
            agreed=bool(recording and recording.units),
            agreed_to_size=bool(material.question),
        ),
        secrets={**dict.fromkeys((*of_machine, *unseen), ""), **code.values},
        files=list(material.own),
    )
    refuse_leaks_in(made.files, record)
    with saved(replace(record, audited=manifest_digest(made.files))):
        write_folder(folder, made.files)
    of_cells = [*tag_notices(source.notebook), *stripped.notices]
    if not options.execute and _lacks_outputs(stripped):
        of_cells.append(_NO_OUTPUTS)
    of_cells += [*link_notices(executed.notebook), *data_notices(executed.notebook)]
    notices = [*of_cells, *made.notices]
    notices += dict.fromkeys(map(_of_shown, shown_only))
    if recording and not is_static:
        notices.append(f"Made with a kernel. Without one: {losses_in_words(recording)}")
    # What failed while controls were recorded may repeat a secret.
    discreet = Mask(to_mask)
    notices = [discreet.text(notice) for notice in notices]
    conversion = Conversion(
        folder=folder,
        manifest=made.manifest,
        cells=source.cells,
        seconds=executed.seconds,
        notices=tuple(notices),
        secrets=(*code.findings, *found, *made.secrets),
        reused=run.reused,
    )
    keep_conversion(path, conversion, run.basis, options)
    said = (_AS_BEFORE, *notices) if run.reused else tuple(notices)
    return replace(conversion, notices=said)


def _lacks_outputs(stripped: Stripped) -> bool:
    has_code = any(cell.cell_type == "code" for cell in stripped.live.cells)
    return has_code and not any(cell.get("outputs") for cell in stripped.viewer.cells)


def _recording(executed: Executed, options: Options) -> Frozen | None:
    """What was recorded of the controls, for the forms that may have no kernel.

    Raises FindingError when the author wants no kernel and something cannot work without one.
    """
    if options.form == DOCKER:
        return None
    recording = recording_of(executed)
    if options.form == STATIC and not options.allow_frozen:
        refuse_losses(recording)
    return recording


def _of_shown(finding: Finding) -> str:
    where = finding.where[:1].upper() + finding.where[1:]
    return (
        f"{where}: {finding.kind}, which is not in the code. It is masked, for viewers of the app, "
        "too; if a later run shows another one, viewers see that. Better not show it."
    )


def _record(folder: Path, replaced: Manifest | None, options: Options) -> Record:
    """What the key store knows of the Space folder, with the key to seal with."""
    record = record_for(folder, replaced.space_id if replaced else None)
    return replace(record, key=new_key()) if options.rotate_key else record
