"""Proving that an app gives nothing of the author's code to a viewer.

The needles are the author's lines, comments, texts and names; the haystack is every byte of the
Space folder and of what the running app sends, in any disguise. The public functions take and
return plain data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.audit.report import Channel, Leak, Report, refuse_leaks

if TYPE_CHECKING:
    from nb2space.audit.needles import Needles
    from nb2space.keystore import Record

__all__ = [
    "Channel",
    "Leak",
    "Report",
    "audit_app",
    "audit_folder",
    "audit_published",
    "audit_url",
    "needles_of_record",
    "refuse_leaks",
]


def needles_of_record(folder: Path, record: Record) -> Needles:
    """What to look for in the app of `folder`, for `audit_url`. Raises InputError."""
    from nb2space.audit.folder import needles_of_folder

    return needles_of_folder(folder, record)[0]


def audit_folder(folder: Path, record: Record) -> Report:
    """Search every file of the Space folder for the code that `record` can open.

    Raises InputError when the folder is none of ours or its bundle cannot be opened.
    """
    return _searched(folder, record)[0]


def _searched(folder: Path, record: Record) -> tuple[Report, Needles]:
    """What was found in the folder, and what was looked for: a visit looks for the same."""
    from nb2space.audit.folder import leaks_in_folder, needles_of_folder
    from nb2space.audit.known import known_files

    needles, notes = needles_of_folder(folder, record)
    report = leaks_in_folder(folder, record, needles, known_files(record.prefix))
    return Report(report.channels, (*notes, *report.notes), len(needles.items)), needles


def audit_url(
    url: str, needles: Needles, use_browser: bool, prefix: str = "", version: str = ""
) -> Report:
    """Visit the app at `url`, ask it for what is not for viewers, and search all it sends.

    `prefix` is the sys.prefix of the kernel's environment, whose widgets' files the app serves.
    `version` is that of the app that is meant, "" for any. Raises RemoteError when the app does not
    answer.
    """
    from nb2space.audit.known import known_files
    from nb2space.audit.traffic import leaks_in_traffic

    known = known_files(prefix)
    return leaks_in_traffic(url, needles, known, use_browser=use_browser, version=version)


def audit_app(
    folder: Path, record: Record, *, use_browser: bool, step: Callable[[str], None]
) -> Report:
    """Search the Space folder, then its app while it is served on this machine.

    What is found decides whether the folder may be published: the record is kept accordingly.
    Raises InputError when the folder was changed or its app does not start.
    """
    from nb2space.keystore import save_record
    from nb2space.serve import free_port, serving
    from nb2space.space import STATIC, manifest_digest, read_files, read_manifest

    step(f"Searching the files of {folder}")
    report, needles = _searched(folder, record)
    manifest = read_manifest(folder)
    files = read_files(folder, manifest)
    # A page without a kernel is its files, and nothing that could be asked for more.
    if manifest.form != STATIC:
        step("Visiting the app, moving its controls and asking it for its code")
        with serving(folder, free_port(None), silent=True) as server:
            report = report.joined(audit_url(server.url, needles, use_browser, record.prefix))
    if report.ok or report.leaks:
        save_record(replace(record, audited=manifest_digest(files) if report.ok else ""))
    return report


def audit_published(
    folder: Path, record: Record, url: str, *, use_browser: bool, step: Callable[[str], None]
) -> Report:
    """Search the Space folder, then the app of it that runs at `url`.

    Raises InputError when the folder's bundle cannot be opened, RemoteError when the app does not
    answer.
    """
    from nb2space.audit.known import known_files
    from nb2space.audit.traffic import leaks_in_static
    from nb2space.space import MANIFEST, STATIC, read_manifest, version_of

    step(f"Searching the files of {folder}")
    report, needles = _searched(folder, record)
    version = version_of((folder / MANIFEST).read_bytes())
    step(f"Visiting {url}")
    if read_manifest(folder).form == STATIC:
        return report.joined(leaks_in_static(url, needles, known_files(record.prefix), version))
    return report.joined(audit_url(url, needles, use_browser, record.prefix, version))
