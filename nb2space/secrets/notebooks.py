"""Secrets of a whole notebook: lifted out of its cells and modules, masked in all that it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nb2space.errors import FindingError
from nb2space.notebook import Notebook
from nb2space.runtime.masking import Mask
from nb2space.secrets.code import CodeSecret, context_of, secrets_in_code
from nb2space.secrets.find import (
    Finding,
    find_in_files,
    find_secrets,
    findings_in_code,
    fingerprint,
)
from nb2space.secrets.lift import Names, imports_os, lift_secrets
from nb2space.secrets.reads import names_read
from nb2space.tags import numbered

_CODE = ".py"


@dataclass(frozen=True)
class LiftedCode:
    """Code without its secrets.

    `values` are the secrets by the environment variable that now stands for each; `read` are
    further secrets that the code has always read from the environment; `findings` say what was
    found where.
    """

    notebook: Notebook
    values: Mapping[str, str]
    read: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def to_mask(self) -> tuple[str, ...]:
        """Every value that must not be seen: the secrets, and what they stood within."""
        return tuple({*self.values.values(), *(finding.value for finding in self.findings)})


def lift_notebook(notebook: Notebook, ignored: Collection[str]) -> LiftedCode:
    """A copy of `notebook` whose code holds no secret.

    `ignored` are fingerprints of what is none. Raises FindingError for a secret that cannot be
    taken out where it stands.
    """
    import nbformat

    copy = nbformat.from_dict(notebook)
    names, findings, has_os = Names(), list[Finding](), False
    context = context_of(cell.source for cell in copy.cells if cell.cell_type == "code")
    for number, cell in numbered(copy):
        if cell.cell_type != "code":
            continue
        found = _not_ignored(secrets_in_code(cell.source, context), ignored)
        if found:
            lifted = lift_secrets(cell.source, found, names, has_os=has_os)
            cell.source = lifted.source
            left = {secret: "refused" for secret in lifted.left}
            for s in found:
                where = f"cell {number}, line {s.line}"
                findings += findings_in_code(s, where, number, left.get(s))
        has_os = has_os or imports_os(cell.source)
    _refuse(findings)
    read = names_read(cell.source for cell in copy.cells if cell.cell_type == "code")
    others = tuple(name for name in read if name not in names.values)
    return LiftedCode(copy, names.values, others, tuple(findings))


def lift_files(
    code: LiftedCode, files: Mapping[str, bytes], ignored: Collection[str], *, redact: bool
) -> tuple[LiftedCode, dict[str, bytes]]:
    """The author's `files` (content by relative path) without secrets, and what `code` becomes.

    Modules are lifted as cells are. In data files secrets are masked with `redact`. Raises
    FindingError for what is left.
    """
    names, findings = Names(dict(code.values), set(code.values)), list[Finding]()
    changed = {}
    for path, content in files.items():
        if path.endswith(_CODE):
            source = content.decode("utf-8", errors="surrogateescape")
            found = _not_ignored(secrets_in_code(source), ignored)
            lifted = lift_secrets(source, found, names)
            left = {secret: "refused" for secret in lifted.left}
            for s in found:
                findings += findings_in_code(s, f"{path}, line {s.line}", None, left.get(s))
            changed[path] = lifted.source.encode("utf-8", errors="surrogateescape")
        else:
            inside = find_in_files({path: content}, ignored)
            masked = Mask(f.value for f in inside).data(content) if redact else content
            findings += [f.becoming("masked") for f in inside] if redact else inside
            changed[path] = masked
    _refuse(findings)
    read = names_read(
        content.decode("utf-8", errors="replace")
        for path, content in changed.items()
        if path.endswith(_CODE)
    )
    others = {*code.read, *read} - set(names.values)
    return (
        LiftedCode(code.notebook, names.values, tuple(sorted(others)), (*code.findings, *findings)),
        changed,
    )


def masked_notebook(
    executed: Notebook, known: Iterable[str], ignored: Collection[str]
) -> tuple[Notebook, tuple[Finding, ...]]:
    """A copy of `executed` without secrets in its texts, outputs, metadata and widgets' state.

    Masked are the `known` values and what else looks like a secret, which is what the findings
    tell of.
    """
    import nbformat

    known = list(known)
    copy = nbformat.from_dict(executed)
    before = Mask(known)
    _mask(copy, before)
    found = [f for f in find_secrets(_without_code(copy), ignored=ignored) if f.becomes == "masked"]
    _mask(copy, Mask(f.value for f in found))
    return copy, tuple(found)


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


def _without_code(notebook: Notebook) -> Notebook:
    import nbformat

    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = ""
    return copy


def _not_ignored(found: Iterable[CodeSecret], ignored: Collection[str]) -> list[CodeSecret]:
    return [secret for secret in found if fingerprint(secret.value) not in ignored]


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
