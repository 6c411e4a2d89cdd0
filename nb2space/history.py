"""What a Space's repository holds besides the published files: its past, read back from the Hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nb2space.errors import FindingError
from nb2space.hub import explained
from nb2space.space import MANIFEST

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# What a repository may hold of anybody's without holding a script or data.
_HARMLESS_NAMES = {
    ".gitattributes", ".gitignore", ".dockerignore", "README.md", "LICENSE", "Dockerfile",
    "requirements.txt", "packages.txt", "apt.txt",
}  # fmt: skip
_HARMLESS_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".md", ".css"}

# Each commit is a question to the Hub.
_MOST_COMMITS = 300


@dataclass(frozen=True)
class PlainFile:
    """A file that lies open in a commit of the Space's past."""

    commit: str
    path: str


def plain_past(api: HfApi, target: str, *, hides_source: bool) -> list[PlainFile]:
    """The files in the Space's git history that nb2space would not have published openly.

    With `hides_source`, versions of nb2space with a public script count too. Only reads. Raises
    FindingError when the history is too long to be looked through.
    """
    with explained("reading the Space's history"):
        commits = list(api.list_repo_commits(target, repo_type="space"))
        if len(commits) > _MOST_COMMITS:
            raise FindingError(
                f"{target} has {len(commits)} commits, too many to look through for plain scripts. "
                "Publish to a new Space with --to, or make it one commit with --squash-history."
            )
        return [
            PlainFile(commit.commit_id, path)
            for commit in commits
            for path in _plain_files(api, target, commit.commit_id, hides_source)
        ]


def refuse_plain_past(target: str, plain: list[PlainFile]) -> None:
    """Raise FindingError, with the way out, when `plain` names any file."""
    if not plain:
        return
    named = sorted({file.path for file in plain})
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    raise FindingError(
        f"The history of {target} holds files in the open: {', '.join(named[:5])}{more}. Everyone "
        "who can see the Space's files can read them. Publish to a new Space with --to, or make "
        "its history one commit with --squash-history."
    )


def _plain_files(api: HfApi, target: str, commit: str, hides_source: bool) -> list[str]:
    tree = api.list_repo_tree(target, repo_type="space", revision=commit, recursive=True)
    paths = [entry.path for entry in tree if hasattr(entry, "blob_id")]
    if MANIFEST in paths:
        ours = _manifest(api, target, commit)
        if not (hides_source and ours.get("show_source")):
            listed = {entry.get("path") for entry in ours.get("files", [])} | {MANIFEST}
            paths = [path for path in paths if path not in listed]
    return [path for path in paths if not _is_harmless(path)]


def _is_harmless(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.name in _HARMLESS_NAMES or pure.suffix.lower() in _HARMLESS_SUFFIXES


def _manifest(api: HfApi, target: str, commit: str) -> dict[str, Any]:
    path = api.hf_hub_download(target, MANIFEST, repo_type="space", revision=commit)
    try:
        return dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return {}
