"""Secrets of a whole notebook: lifted out of its cells and modules, masked in all that it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nb2space.errors import FindingError
from nb2space.notebook import Notebook
from nb2space.runtime.masking import MASK, Mask
from nb2space.runtime.outputs import printed_whole
from nb2space.runtime.sealedsecrets import Place, SealedSecrets
from nb2space.secrets.code import (
    CodeSecret,
    context_of,
    is_distinct,
    masked_source,
    secrets_in_code,
    secrets_in_text,
)
from nb2space.secrets.find import (
    MODULE,
    Finding,
    find_in_files,
    find_known,
    find_secrets,
    findings_in_code,
    fingerprint,
)
from nb2space.secrets.lift import Names, lift_secrets
from nb2space.secrets.osname import ENVIRON, ENVIRON_ANYWHERE, has_other_os, imports_os
from nb2space.secrets.reads import names_asked_for, names_needed, names_read
from nb2space.tags import numbered, view_of


@dataclass(frozen=True)
class LiftedCode:
    """Code without its secrets.

    `values` are the secrets by the environment variable that now stands for each, and `within` says
    where in such a value the secret itself is; `read` are further secrets that the code has always
    read from the environment, `needed` those of them that it cannot do without; `findings` say what
    was found where.
    """

    notebook: Notebook
    values: Mapping[str, str]
    read: tuple[str, ...]
    findings: tuple[Finding, ...]
    within: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    @property
    def to_mask(self) -> tuple[str, ...]:
        """Every value that must not be seen: the secrets, and what they stood within."""
        return tuple({*self.values.values(), *(finding.value for finding in self.findings)})

    @property
    def to_seal(self) -> SealedSecrets:
        """What the app must know of the secrets."""
        return SealedSecrets(tuple(sorted({*self.values, *self.read})), self.within)


def lift_notebook(notebook: Notebook, ignored: Collection[str]) -> LiftedCode:
    """A copy of `notebook` whose code holds no secret.

    `ignored` are fingerprints of what is none. Raises FindingError for a secret that cannot be
    taken out where it stands.
    """
    import nbformat

    copy = nbformat.from_dict(notebook)
    sources = [cell.source for cell in copy.cells if cell.cell_type == "code"]
    other = any(map(has_other_os, sources))
    environ = ENVIRON_ANYWHERE if other else ENVIRON
    names = Names(avoided=names_asked_for(sources), environ=environ)
    findings, has_os = list[Finding](), False
    context = context_of(sources)
    for number, cell in numbered(copy):
        if cell.cell_type != "code":
            continue
        found = list(_not_ignored(secrets_in_code(cell.source, context), ignored))
        if found:
            lifted = lift_secrets(cell.source, found, names, has_os=has_os)
            cell.source = lifted.source
            left = {secret: "refused" for secret in lifted.left}
            for s in found:
                where = f"cell {number}, line {s.line}"
                findings += findings_in_code(s, where, number, left.get(s))
        view = view_of(cell)
        has_os = has_os or (view.runs and not view.may_fail and imports_os(cell.source))
    _refuse(findings)
    new = [cell.source for cell in copy.cells if cell.cell_type == "code"]
    others = tuple(name for name in names_read(new) if name not in names.values)
    needed = tuple(name for name in names_needed(new) if name not in names.values)
    return LiftedCode(copy, names.values, others, tuple(findings), names.within, needed)


def mask_notebook(notebook: Notebook, ignored: Collection[str]) -> LiftedCode:
    """A copy of a `notebook` in whose code secrets are masked: it is in a language that is neither
    read nor run here."""
    import nbformat

    copy = nbformat.from_dict(notebook)
    findings = list[Finding]()
    for number, cell in numbered(copy):
        if cell.cell_type == "code":
            found = _not_ignored(secrets_in_text(cell.source), ignored)
            cell.source = masked_source(cell.source, found, MASK)
            for s in found:
                where = f"cell {number}, line {s.line}"
                findings += findings_in_code(s, where, number, "masked")
    return LiftedCode(copy, {}, (), tuple(findings))


def lift_files(
    code: LiftedCode,
    files: Mapping[str, bytes],
    ignored: Collection[str],
    *,
    redact: bool,
    leaves: bool = True,
) -> tuple[LiftedCode, dict[str, bytes]]:
    """The author's `files` (content by relative path) without secrets, and what `code` becomes.

    Modules are lifted as cells are. In data files secrets are masked with `redact`, and where none
    of the files `leaves` the author's machine. Raises FindingError for what is left in what does.
    """
    sources = {
        path: content.decode("utf-8", errors="surrogateescape")
        for path, content in files.items()
        if path.endswith(MODULE)
    }
    contexts = {path: context_of([source]) for path, source in sources.items()}
    found_so_far = [
        *(f.value for f in code.findings),
        *(v for c in contexts.values() for v in c.known),
    ]
    known = tuple(v for v in dict.fromkeys(found_so_far) if fingerprint(v) not in ignored)
    cells = (cell.source for cell in code.notebook.cells if cell.cell_type == "code")
    asked = names_asked_for([*cells, *sources.values()])
    names = Names(dict(code.values), set(code.values), dict(code.within), asked)
    findings = list[Finding]()
    changed = dict(files)
    for path, source in sources.items():
        context = replace(contexts[path], known=tuple(filter(is_distinct, known)))
        found = list(_not_ignored(secrets_in_code(source, context), ignored))
        lifted = lift_secrets(source, found, names)
        left = {secret: "refused" for secret in lifted.left}
        for s in found:
            findings += findings_in_code(s, f"{path}, line {s.line}", None, left.get(s))
        sources[path] = lifted.source
        changed[path] = lifted.source.encode("utf-8", errors="surrogateescape")
    for path in [path for path in files if path not in sources]:
        inside = _in_data_file(path, files[path], known, ignored)
        if inside and (redact or not leaves):
            changed[path] = Mask(f.value for f in inside).data(files[path])
            findings += [f.becoming("masked") for f in inside]
            # What is packed, say, cannot be masked.
            inside = _in_data_file(path, changed[path], known, ignored) if leaves else []
        findings += inside
    _refuse(findings)
    others = {*code.read, *names_read(sources.values())} - set(names.values)
    needed = {*code.needed, *names_needed(sources.values())} - set(names.values)
    lifted_code = LiftedCode(
        code.notebook,
        names.values,
        tuple(sorted(others)),
        (*code.findings, *findings),
        names.within,
        tuple(sorted(needed)),
    )
    return lifted_code, changed


def _in_data_file(
    path: str, content: bytes, known: Iterable[str], ignored: Collection[str]
) -> list[Finding]:
    """The secrets of a data file, by their form and by what is `known` from elsewhere."""
    found = find_in_files({path: content}, ignored)
    named = {finding.value for finding in found}
    return found + [f for f in find_known({path: content}, known) if f.value not in named]


def masked_notebook(
    executed: Notebook, known: Iterable[str], ignored: Collection[str]
) -> tuple[Notebook, tuple[Finding, ...]]:
    """A copy of `executed` without secrets in its texts, outputs, metadata and widgets' state.

    Masked are the `known` values and what else looks like a secret, which is what the findings
    tell of.
    """
    import nbformat

    known = list(known)
    copy = nbformat.from_dict(_printed_whole(executed))
    before = Mask(known)
    _mask(copy, before)
    found = [f for f in find_secrets(_without_code(copy), ignored=ignored) if f.becomes == "masked"]
    _mask(copy, Mask(f.value for f in found))
    return copy, tuple(found)


def shown_secrets(executed: Notebook, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of what was `found` by masked_notebook that the outputs or widgets show."""
    whole = _printed_whole(executed)
    shown = [[cell.get("outputs") for cell in whole["cells"]], whole["metadata"].get("widgets")]
    return tuple(f for f in found if Mask([f.value]).value(shown) is not shown)


def _mask(notebook: Notebook, mask: Mask) -> None:
    if not mask:
        return
    for cell in notebook.cells:
        for name, part in list(cell.items()):
            if name not in ("cell_type", "id") and not (
                name == "source" and cell.cell_type == "code"
            ):
                cell[name] = _masked(mask, part)
    notebook.metadata = _masked(mask, notebook.metadata)


def _masked(mask: Mask, part: Any) -> Any:
    import nbformat

    return nbformat.from_dict(mask.value(part))


def _printed_whole(part: Any) -> Any:
    """A notebook, or a part of it, with what was printed in pieces made one, in widgets too."""
    if isinstance(part, dict):
        return {name: _printed_whole(item) for name, item in part.items()}
    if not isinstance(part, list | tuple):
        return part
    items = [_printed_whole(item) for item in part]
    are_outputs = items and all(isinstance(i, dict) and "output_type" in i for i in items)
    return printed_whole(items) if are_outputs else items


def _without_code(notebook: Notebook) -> Notebook:
    import nbformat

    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = ""
    return copy


def _not_ignored(found: Iterable[CodeSecret], ignored: Collection[str]) -> Iterator[CodeSecret]:
    """What is left of `found`: of a literal with several secrets those that are not ignored."""
    for secret in found:
        values = [value for value in secret.values if fingerprint(value) not in ignored]
        if values:
            yield replace(secret, value=values[0], others=tuple(values[1:]))


def _refuse(findings: Iterable[Finding]) -> None:
    """Raise FindingError for what can neither be lifted nor masked."""
    left = [finding for finding in findings if finding.becomes == "refused"]
    if not left:
        return
    in_code = [f for f in left if f.line is not None]
    in_files = [f for f in left if f.line is None]
    sentences = [f"There is a secret in {f.where} ({f.kind}, {f.shown})." for f in left[:5]]
    if in_code:
        sentences.append(
            "It cannot be taken out of the code there; read it from the environment with "
            "os.environ[…] instead."
        )
    if in_files:
        sentences.append(
            "Files travel as they are: leave the file out with --exclude, or mask what is secret "
            "in it with --redact."
        )
    marks = ", ".join(dict.fromkeys(f'"{f.fingerprint}"' for f in left[:5]))
    sentences.append(
        "Nothing was written. If it is no secret, write '# nb2space: not-a-secret' behind the "
        f"line, or add {marks} to [secrets] ignore in nb2space.toml."
    )
    raise FindingError(" ".join(sentences))
