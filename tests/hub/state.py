"""The state of the Hub in plain Python: people, tokens, repos, commits. No HTTP here.

Tests read it directly: ``hub.repos["ana/report"].commits[-1].files``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from . import git
from .card import Card, parse_card
from .faults import Faults
from .git import Blob
from .life import SpaceLife, SpaceRuntimeState, now
from .log import RequestLog
from .wire import Request, Response

Plan = Literal["free", "pro", "team", "enterprise"]
Role = Literal["admin", "write", "contributor", "read"]
TokenRole = Literal["read", "write", "fineGrained"]
Visibility = Literal["public", "protected", "private"]


@dataclass
class User:
    """An account. ``plan`` decides about docker Spaces on free hardware (402 without one)."""

    name: str
    plan: Plan = "free"
    can_pay: bool = False
    email: str = ""


@dataclass
class Org:
    """An organisation, with the role of each member."""

    name: str
    members: dict[str, Role] = field(default_factory=dict)
    plan: Plan = "free"
    can_pay: bool = False


@dataclass(frozen=True)
class Scope:
    """Permissions of a fine-grained token on a user, an org or one Space.

    Names as in ``whoami()["auth"]["accessToken"]["fineGrained"]["scoped"]``: the ones that
    matter here are ``repo.content.read`` and ``repo.write``.
    """

    entity_type: Literal["user", "org", "space"]
    entity: str
    permissions: tuple[str, ...] = ("repo.content.read", "repo.write")


@dataclass
class Token:
    """An access token. ``scopes`` count only for the role fineGrained."""

    value: str
    user: str
    role: TokenRole = "write"
    scopes: tuple[Scope, ...] = ()
    name: str = "test token"


@dataclass(frozen=True)
class Commit:
    """One commit: what it is called, and every file of the repo at that point."""

    oid: str
    parent: str | None
    title: str
    description: str
    author: str
    date: datetime
    tree: Mapping[str, Blob]

    @property
    def files(self) -> dict[str, bytes]:
        """Path to content; LFS files with their real content."""
        return {path: blob.content for path, blob in self.tree.items()}

    @property
    def lfs_paths(self) -> frozenset[str]:
        """The paths that are stored as LFS."""
        return frozenset(path for path, blob in self.tree.items() if blob.lfs)


def make_commit(
    parent: Commit | None, tree: Mapping[str, Blob], title: str, description: str, author: str
) -> Commit:
    """A commit of this tree, dated now."""
    date = now()
    ordered = {path: tree[path] for path in sorted(tree)}
    message = f"{title}\n\n{description}" if description else title
    parent_id = None if parent is None else parent.oid
    # Microseconds are folded in, so that equal commits in one second still get their own ids.
    message_id = f"{message}\n{date.microsecond}"
    root = git.tree_ids(ordered)[""]
    oid = git.commit_id(root, parent_id, author, int(date.timestamp()), message_id)
    return Commit(oid, parent_id, title, description, author, date, ordered)


@dataclass
class Setting:
    """A secret or a variable of a Space."""

    value: str
    description: str | None = None
    updated_at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class AppRequest:
    """A request to a Space's own app, for a test that replaces the app."""

    request: Request
    repo: Repo
    path: str
    """The path inside the app, always starting with a slash."""
    sha: str | None
    """The commit of the container that answers."""


App = Callable[[AppRequest], Response]


@dataclass
class Repo:
    """A Space: its history, settings and runtime."""

    id: str
    sdk: str
    visibility: Visibility = "public"
    created_by: str = ""
    created_at: datetime = field(default_factory=now)
    gated: str | bool = False
    refs: dict[str, list[Commit]] = field(default_factory=dict)
    """Full ref names to their commits, the oldest first."""
    closed_proposals: set[str] = field(default_factory=set)
    """The refs of pull requests that are closed."""
    secret_settings: dict[str, Setting] = field(default_factory=dict)
    variable_settings: dict[str, Setting] = field(default_factory=dict)
    lfs_objects: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded as LFS, by SHA-256."""
    runtime: SpaceRuntimeState = field(default_factory=SpaceRuntimeState)
    life: SpaceLife | None = None
    """How this Space goes on after a change; None for ``hub.life``."""
    app: App | None = None
    """What answers at the Space's host while it serves; None for ``hub.app``."""

    @property
    def namespace(self) -> str:
        """The user or org that owns it."""
        return self.id.split("/")[0]

    @property
    def name(self) -> str:
        """The part of the id after the slash."""
        return self.id.split("/")[1]

    @property
    def subdomain(self) -> str:
        """``ana/report`` lives at ``ana-report``."""
        return re.sub(r"[^a-z0-9-]", "-", self.id.lower())

    @property
    def commits(self) -> list[Commit]:
        """The commits of main, the oldest first; the first is made by the Hub itself."""
        return self.refs["refs/heads/main"]

    @property
    def head(self) -> Commit:
        """The newest commit of main."""
        return self.commits[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """The files of main."""
        return self.head.files

    @property
    def secrets(self) -> dict[str, str]:
        """Secret names and values (which no request can read back)."""
        return {key: setting.value for key, setting in self.secret_settings.items()}

    @property
    def variables(self) -> dict[str, str]:
        """Variable names and values."""
        return {key: setting.value for key, setting in self.variable_settings.items()}

    @property
    def private(self) -> bool:
        """Whether strangers cannot see the repo. A protected Space hides its repo, not its app."""
        return self.visibility != "public"

    @property
    def card(self) -> Card:
        """What the README of main says."""
        readme = self.head.tree.get("README.md")
        return parse_card("" if readme is None else readme.content.decode("utf-8", "replace"))

    def resolve(self, revision: str) -> list[Commit] | None:
        """The history up to a branch, a tag, a full ref name or a commit id."""
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name in self.refs:
                return self.refs[name]
        for commits in self.refs.values():
            for index, commit in enumerate(commits):
                if commit.oid == revision:
                    return commits[: index + 1]
        return None


class HubState:
    """Everything the Hub holds. The HTTP server is a subclass."""

    url: str = ""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.orgs: dict[str, Org] = {}
        self.tokens: dict[str, Token] = {}
        self.repos: dict[str, Repo] = {}
        self.moved: dict[str, str] = {}
        """Old ids of moved repos; requests to them are redirected."""
        self.log = RequestLog()
        self.faults = Faults()
        self.life = SpaceLife()
        """How every Space goes on after a change, unless its repo says otherwise."""
        self.app: App | None = None
        """What answers at every Space's host, unless its repo says otherwise; None for a small
        HTML page."""
        self.page_size = 1000
        """Entries per page of listings; lower it to see the client turn pages."""
        self.logs_stay_open = 0.0
        """Seconds for which a log stream stays open after its last line (the real Hub's run
        logs do). ``fetch_space_logs`` without ``follow`` then waits for its read timeout, 5 s."""
        self.report_visibility = True
        """Whether repo info has a ``visibility`` field. Unknown of the real Hub: SpaceInfo has
        no such attribute, only ``private``, so published code must do without it."""

    def add_user(
        self,
        name: str,
        token: str | None = None,
        plan: Plan = "free",
        role: TokenRole = "write",
        scopes: Sequence[Scope] = (),
        can_pay: bool = False,
    ) -> User:
        """Add an account, and a token for it."""
        user = User(name, plan, can_pay, f"{name}@example.invalid")
        self.users[name] = user
        if token is not None:
            self.add_token(name, token, role, scopes)
        return user

    def add_token(
        self, user: str, value: str, role: TokenRole = "write", scopes: Sequence[Scope] = ()
    ) -> Token:
        """Add another token for an account."""
        token = Token(value, user, role, tuple(scopes))
        self.tokens[value] = token
        return token

    def add_org(
        self, name: str, members: Mapping[str, Role], plan: Plan = "free", can_pay: bool = False
    ) -> Org:
        """Add an organisation with its members and their roles."""
        org = Org(name, dict(members), plan, can_pay)
        self.orgs[name] = org
        return org

    def host_of(self, repo: Repo) -> str:
        """Where the Space's app answers (on the real Hub, https://<subdomain>.hf.space)."""
        return f"{self.url}/app/{repo.subdomain}"

    def life_of(self, repo: Repo) -> SpaceLife:
        """How this Space goes on after a change."""
        return repo.life or self.life
