"""A conversion from end to end: read, execute, strip, seal, write the Space folder."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from nb2space.audit import audit_folder
from nb2space.datavalues import data_notices
from nb2space.docker import Look, bundle_of, docker_files
from nb2space.environment import imported_names
from nb2space.environment.installs import quiet_installs, without_installs
from nb2space.errors import CellError, FindingError, InputError
from nb2space.execute import (
    Afterwards,
    Executed,
    Progress,
    choose_kernel,
    execute_notebook,
    inspect_kernel,
)
from nb2space.keystore import Record, find_record, keep_bundle, record_for, save_record
from nb2space.needs import needs_of
from nb2space.notebook import Notebook, read_notebook, title_of
from nb2space.outputcheck import check_outputs
from nb2space.ownfiles import own_files
from nb2space.page.first import page_files
from nb2space.page.public import masked_frozen, public_frozen
from nb2space.page.record import Agree, limits_for
from nb2space.page.recording import losses_in_words, recorder, recording_of, refuse_losses
from nb2space.page.static import static_files
from nb2space.parameters import Value, inject_parameters
from nb2space.paths import NamedFiles, named_files, relative_paths
from nb2space.projectfile import read_project
from nb2space.runtime.masking import Mask
from nb2space.seal import new_key
from nb2space.secrets import Finding, LiftedCode, lift_files, lift_notebook, masked_notebook
from nb2space.sharing import Sharing, sharing_of, with_sharing
from nb2space.shownsource import shown_source
from nb2space.space import (
    DOCKER,
    MANIFEST,
    STATIC,
    Manifest,
    SpaceFile,
    check_replaceable,
    manifest_digest,
    read_manifest,
    write_folder,
)
from nb2space.strip import strip_notebook
from nb2space.tags import cell_tags, numbered

AUTO = "auto"
"""Static where that loses nothing, with a kernel where it would."""

# Seconds after which people lose interest: nngroup.com/articles/response-times-3-important-limits
_PATIENCE = 10


@dataclass(frozen=True)
class Options:
    """What the author may choose; `timeout` is in seconds a cell, None for no limit.

    `form` is DOCKER, STATIC or AUTO: static where that loses nothing. `agreed` remembers that the
    author lets the conversion run callbacks.
    `refresh_every` is the seconds after which shared cells run anew, None for never.
    """

    title: str | None = None
    theme: str = "light"
    language: str = "en"
    execute: bool = True
    timeout: float | None = None
    show_source: bool = False
    parameters: Mapping[str, Value] = field(default_factory=dict)
    kernel: str | None = None
    rotate_key: bool = False
    allow_shown_source: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hardware: str = ""
    redact: bool = False
    form: str = DOCKER
    max_states: int | None = None
    coarsen: int = 1
    allow_frozen: bool = False
    agreed: bool = False
    share: bool = True
    refresh_every: float | None = None


@dataclass(frozen=True)
class Dialogue:
    """How a conversion tells the author how far it is, and asks before it runs callbacks."""

    cells: Progress = lambda number, count: None
    states: Progress = lambda done, count: None
    agree: Agree = lambda cells: None


@dataclass(frozen=True)
class Conversion:
    """What a conversion made: the folder, its manifest, and sentences for the author."""

    folder: Path
    manifest: Manifest
    cells: int
    seconds: float
    notices: tuple[str, ...]
    secrets: tuple[Finding, ...] = ()


def default_folder(notebook: Path) -> Path:
    """Where a notebook is converted to unless the author says otherwise: beside where they are."""
    return Path(f"{notebook.stem}-space")


def remembered_options(folder: Path) -> Options:
    """The options with which `folder` was made last; the defaults when it was not."""
    if not (folder / MANIFEST).is_file():
        return Options()
    record = find_record(read_manifest(folder).space_id)
    try:
        return Options(**record.options) if record else Options()
    except TypeError:  # remembered by another version
        return Options()


def convert(
    path: Path,
    folder: Path,
    options: Options,
    dialogue: Dialogue | None = None,
) -> Conversion:
    """Convert the notebook at `path` into the Space folder `folder`.

    Raises InputError, CellError, FindingError, and what `dialogue.agree` raises; then nothing was
    written.
    """
    notebook = read_notebook(path)
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{folder} holds the notebook itself; name another folder with -o.")
    replaced = check_replaceable(folder)
    if replaced:
        _check_same_notebook(path, folder, replaced)
    kernel = choose_kernel(notebook, options.kernel)
    notebook = inject_parameters(notebook, options.parameters)
    home = path.absolute().parent
    ignored = read_project(home).ignored
    code = lift_notebook(notebook, ignored)
    of_machine = [os.environ[name] for name in code.read if name in os.environ]
    try:
        executed = _executed(code, home, kernel, options, dialogue or Dialogue())
    except CellError as error:
        # What failed may repeat a secret, and terminals are recorded.
        mask = Mask([*code.to_mask, *of_machine])
        raise CellError(mask.text(str(error)), mask.text(error.report)) from None
    check_outputs(executed.notebook)
    recording = None if options.form == DOCKER else recording_of(executed)
    if recording and options.form == STATIC and not options.allow_frozen:
        refuse_losses(recording)
    is_static = recording is not None and (options.form == STATIC or not recording.losses)
    files_named = named_files(notebook, home)
    own = own_files(
        home,
        executed.environment,
        imported_names(notebook),
        folder,
        named=files_named.below,
        include=options.include,
        exclude=options.exclude,
    )
    code, sealed_files = lift_files(
        code,
        _with_relative_paths(own.content, home),
        ignored,
        # No file of the author's is in a page without a kernel.
        redact=options.redact or is_static,
    )
    sources = [(n, cell.source) for n, cell in numbered(notebook) if cell.cell_type == "code"]
    needs, needs_said = needs_of(home, sources, executed.environment, options.hardware)
    shown, found = masked_notebook(executed.notebook, [*code.to_mask, *of_machine], ignored)
    if not (options.show_source or options.allow_shown_source):
        _refuse_shown_source(shown)
    title = Mask(code.to_mask).text(options.title or title_of(shown, path))
    stripped = strip_notebook(
        shown,
        folder=home,
        title=title,
        show_source=options.show_source,
        secrets=sorted({*code.values, *code.read}),
    )
    record = record_for(folder, replaced.space_id if replaced else None)
    if options.rotate_key:
        record = replace(record, key=new_key())
    look = Look(
        title=title,
        theme=options.theme,
        language=options.language,
        show_source=options.show_source,
        hardware=options.hardware,
    )
    if recording and is_static:
        frozen, found_in_it = masked_frozen(
            recording, [*code.to_mask, *of_machine, *(f.value for f in found)], ignored
        )
        found = (*found, *found_in_it)
        frozen = public_frozen(frozen, stripped.viewer, stripped.model_ids)
        files, manifest = static_files(
            stripped.viewer,
            frozen,
            look=look,
            notebook_name=_published_name(path),
            space_id=record.space_id,
            prefix=executed.environment.prefix,
            python=needs.python,
        )
        # What the audit compares with lies beside the key, and nowhere else.
        keep_bundle(record, bundle_of(stripped.live, sealed_files, record.key))
        said = [*frozen.notices, *frozen.losses, *_without_secrets(code)]
    else:
        sharing = _sharing(executed, own.content, options)
        files, manifest = docker_files(
            replace(stripped, live=with_sharing(stripped.live, sharing)),
            look=look,
            notebook_name=_published_name(path),
            needs=needs,
            own_files=sealed_files,
            page=page_files(stripped.viewer, look),
            space_id=record.space_id,
            key=record.key,
            sharing=sharing.ends,
        )
        said = [
            *own.notices,
            *needs_said,
            *_outside(files_named),
            *sharing.notices,
            *_waiting(executed, sharing),
        ]
        if recording:
            said.append(f"Made with a kernel. Without one: {losses_in_words(recording)}")
    record = replace(
        record,
        notebook=str(path.absolute()),
        kernel=kernel,
        prefix=executed.environment.prefix,
        options={
            **asdict(options),
            "rotate_key": False,
            "agreed": options.agreed or bool(recording and recording.units),
        },
        secrets={**{name: "" for name in code.read if name in os.environ}, **code.values},
    )
    _audit(files, record)
    # The key first: a folder whose key is lost can never be opened.
    save_record(replace(record, audited=manifest_digest(files)))
    write_folder(folder, files)
    return Conversion(
        folder=folder,
        manifest=manifest,
        cells=sum("injected-parameters" not in cell_tags(cell) for cell in notebook.cells),
        seconds=executed.seconds,
        notices=(
            *stripped.notices,
            *data_notices(executed.notebook),
            *said,
        ),
        secrets=(*code.findings, *found),
    )


def _executed(
    code: LiftedCode, folder: Path, kernel: str, options: Options, dialogue: Dialogue
) -> Executed:
    notebook = _rewritten(code.notebook, folder, quiet_installs)
    if options.execute:
        done = execute_notebook(
            notebook,
            folder=folder,
            kernel=kernel,
            timeout=options.timeout,
            progress=dialogue.cells,
            variables=code.values,
            afterwards=None if options.form == DOCKER else _recorder(options, dialogue),
        )
        live = _rewritten(code.notebook, folder, without_installs)
        for cell, other in zip(done.notebook.cells, live.cells, strict=True):
            cell.source = other.source
        return done
    notebook = _rewritten(code.notebook, folder, without_installs)
    if options.parameters:
        raise InputError("-p sets parameters of an execution; it cannot go with --no-execute.")
    environment = inspect_kernel(notebook, folder=folder, kernel=kernel)
    return Executed(notebook, environment, seconds=0.0)


def _recorder(options: Options, dialogue: Dialogue) -> Afterwards:
    limits = limits_for(options.max_states, options.coarsen)
    return recorder(limits, dialogue.states, dialogue.agree)


def _rewritten(notebook: Notebook, folder: Path, change: Callable[[str], str]) -> Notebook:
    """A copy whose code has relative paths and what `change` makes of it."""
    import nbformat

    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = change(relative_paths(cell.source, folder))
    return copy


def _with_relative_paths(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The author's files, their modules with relative paths."""
    return {
        path: relative_paths(body.decode("utf-8"), folder).encode("utf-8")
        if path.endswith(".py") and str(folder).encode() in body
        else body
        for path, body in files.items()
    }


def _outside(named: NamedFiles) -> list[str]:
    return [
        f"Cell {number} names {path}, which lies outside the notebook's folder; the app will not "
        "find it. Copy it beside the notebook and use a relative path."
        for number, path in named.outside[:5]
    ]


def _check_same_notebook(path: Path, folder: Path, replaced: Manifest) -> None:
    """Raise InputError when `folder` is another notebook's, which would lose its app."""
    record = find_record(replaced.space_id)
    theirs = Path(record.notebook) if record and record.notebook else path
    if theirs.exists() and not theirs.samefile(path):
        raise InputError(
            f"{folder} was made from {theirs}. Name another folder with -o, or remove that one."
        )


def _audit(files: list[SpaceFile], record: Record) -> None:
    """Search the Space's files for the code, before they are anywhere but in memory and aside."""
    with tempfile.TemporaryDirectory(prefix="nb2space-") as place:
        aside = Path(place) / "space"
        write_folder(aside, files)
        report = audit_folder(aside, record)
    if report.leaks:
        raise FindingError(
            "The Space would give out pieces of the code, so nothing was written: "
            + "; ".join(f"{leak.where}: {leak.kind} '{leak.excerpt}'" for leak in report.leaks[:5])
            + ". Change what these parts show, or hide them with the tag remove-cell."
        )


def _refuse_shown_source(executed: Notebook) -> None:
    found = shown_source(executed)
    if found:
        raise FindingError(
            " ".join(
                f"Cell {shown.cell} shows lines of the code in its output, such as "
                f"'{shown.text[:60]}'."
                for shown in found
            )
            + " Viewers would read them, so nothing was written. Tag the cell 'remove-output', "
            "change what it prints, or allow it with --allow-shown-source."
        )


def _without_secrets(code: LiftedCode) -> list[str]:
    names = sorted({*code.values, *code.read})
    if not names:
        return []
    return [f"The page has no kernel, so the Space is not given {', '.join(names)}."]


def _sharing(executed: Executed, own_files: Mapping[str, bytes], options: Options) -> Sharing:
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


def _published_name(path: Path) -> str:
    """The notebook's name as it stands in the Space: one that Docker takes for no pattern."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.") or "notebook"
    return f"{stem}.ipynb"
