"""Proving that an app gives nothing of the author's code to a viewer.

The needles are the author's lines, comments, texts and names; the haystack is every byte of the
Space folder and of what the running app sends, in any disguise. The public functions take and
return plain data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.audit.report import Channel, Leak, Report

if TYPE_CHECKING:
    from nb2space.audit.needles import Needles
    from nb2space.keystore import Record

__all__ = ["Channel", "Leak", "Report", "audit_folder", "audit_url", "needles_of_record"]


def needles_of_record(folder: Path, record: Record) -> Needles:
    """What to look for in the app of `folder`, for `audit_url`. Raises InputError."""
    from nb2space.audit.folder import needles_of_folder

    return needles_of_folder(folder, record)[0]


def audit_folder(folder: Path, record: Record) -> Report:
    """Search every file of the Space folder for the code that `record` can open.

    Raises InputError when the folder is none of ours or its bundle cannot be opened.
    """
    from nb2space.audit.folder import leaks_in_folder, needles_of_folder
    from nb2space.audit.known import known_files

    needles, notes = needles_of_folder(folder, record)
    report = leaks_in_folder(folder, record, needles, known_files(record.prefix))
    return Report(report.channels, (*notes, *report.notes))


def audit_url(url: str, needles: Needles, use_browser: bool, prefix: str = "") -> Report:
    """Visit the app at `url`, ask it for what is not for viewers, and search all it sends.

    `prefix` is the sys.prefix of the kernel's environment, whose widgets' files the app serves.
    Raises RemoteError when the app does not answer.
    """
    from nb2space.audit.known import known_files
    from nb2space.audit.traffic import leaks_in_traffic

    return leaks_in_traffic(url, needles, known_files(prefix), use_browser=use_browser)
