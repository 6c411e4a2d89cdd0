"""What a Space's repository holds besides the published files: its past, read back from the Hub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nb2space.errors import FindingError
from nb2space.hub import explained
from nb2space.openfiles import Judge
from nb2space.shell import shell_word

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAIN = "refs/heads/main"
"""What a Space is built from, and the only one that is squashed."""

# Each commit is a question to the Hub, or two.
_MOST_COMMITS = 300


@dataclass(frozen=True)
class Ref:
    """A branch, tag, pull request or other name of git's for the commit `head`.

    `name` is its full one, such as "refs/tags/v1".
    """

    name: str
    head: str


@dataclass(frozen=True)
class PlainFile:
    """A file that lies open in a commit that `ref` (a full name) leads to."""

    ref: str
    commit: str
    path: str


def refs_of(api: HfApi, target: str) -> list[Ref]:
    """All that keeps commits of the Space readable, `MAIN` first. Only reads."""
    with explained("asking for the Space's branches and tags"):
        refs = api.list_repo_refs(target, repo_type="space", include_pull_requests=True)
    found = [*refs.branches, *refs.tags, *refs.converts, *(refs.pull_requests or [])]
    named = [Ref(ref.ref, ref.target_commit) for ref in found]
    return sorted(named, key=lambda ref: ref.name != MAIN)


def plain_past(api: HfApi, target: str, refs: Sequence[Ref], judge: Judge) -> list[PlainFile]:
    """The files in the commits that `refs` lead to which nb2space would not have laid open.

    Each commit is looked at once. Of pull requests, which anybody may open with anything in them,
    only what holds the notebook's code counts. Only reads. Raises FindingError when there are too
    many commits.
    """
    with explained("reading the Space's history"):
        past = {
            head: [
                commit.commit_id
                for commit in api.list_repo_commits(target, repo_type="space", revision=head)
            ]
            for head in dict.fromkeys(ref.head for ref in refs)
        }
        commits = dict.fromkeys(commit for reached in past.values() for commit in reached)
        if len(commits) > _MOST_COMMITS:
            raise FindingError(
                f"{target} has {len(commits)} commits, too many to look through for plain scripts. "
                f"{_way_out(target, [ref.name for ref in refs])}"
            )
        ours = {commit for ref in refs if not _is_proposed(ref) for commit in past[ref.head]}
        plain = {
            commit: judge.in_the_open(commit) if commit in ours else judge.with_code(commit)
            for commit in commits
        }
    return [
        PlainFile(ref.name, commit, path)
        for ref in refs
        for commit in past[ref.head]
        for path in plain[commit]
    ]


def refuse_plain_past(target: str, plain: Sequence[PlainFile]) -> None:
    """Raise FindingError, with the way out, when `plain` names any file."""
    if not plain:
        return
    refs = list(dict.fromkeys(file.ref for file in plain))
    paths = sorted({file.path for file in plain})
    raise FindingError(
        f"The history of {target} holds files in the open: {_few(paths)} "
        f"(in {_few(map(_called, refs))}). Everyone who can see the Space's files can read them. "
        f"{_way_out(target, refs)}"
    )


def _way_out(target: str, refs: Sequence[str]) -> str:
    """What to do about the commits of `refs`, by their full names."""
    kept = [_called(ref) for ref in refs if _parts(ref)[0] not in ("branch", "tag")]
    if kept:
        return (
            f"Nothing takes away the commits of {_few(kept)}, not even closing it: publish to a "
            "new Space with --to."
        )
    steps = [
        f"run: hf repos {kind} delete {target} {shell_word(name)} --type space"
        for kind, name in (_parts(ref) for ref in refs if ref != MAIN)
    ]
    if MAIN in refs:
        steps.append("make its history one commit with --squash-history")
    return f"Publish to a new Space with --to, or {', and then '.join(steps)}."


def _is_proposed(ref: Ref) -> bool:
    return _parts(ref.name)[0] == "pull request"


def _called(ref: str) -> str:
    kind, name = _parts(ref)
    return f"{kind} {name}" if kind else ref


def _parts(ref: str) -> tuple[str, str]:
    """The kind of a ref, "" of an unknown one, and its short name."""
    for prefix, kind in (
        ("refs/heads/", "branch"),
        ("refs/tags/", "tag"),
        ("refs/pr/", "pull request"),
    ):
        if ref.startswith(prefix):
            return kind, ref.removeprefix(prefix)
    return "", ref


def _few(names: Iterable[str]) -> str:
    """The first of `names`, in their order, and how many more there are."""
    named = list(dict.fromkeys(names))
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return f"{', '.join(named[:5])}{more}"
