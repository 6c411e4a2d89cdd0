"""Who may do what: tokens, roles, scopes and plans, and the refusals that go with them.

The client turns refusals into exceptions in ``huggingface_hub.utils._http.hf_raise_for_status``:
401, 402, 403 and 409 are plain ``HfHubHTTPError`` (see ``error.response.status_code``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .state import HubState, Org, Plan, Repo, Role, Token, User
from .wire import HubError, Request, repo_not_found

BAD_TOKEN = "Invalid credentials in Authorization header"
READ_ONLY = "You have read access but not the required permissions for this operation"


@dataclass(frozen=True)
class Caller:
    """The account behind a request, and the token it came with."""

    user: User
    token: Token


def caller_of(hub: HubState, request: Request) -> Caller | None:
    """Who sent the request; None without a token, 401 with an unknown one."""
    if "authorization" not in request.headers:
        return None
    token = hub.tokens.get(request.token or "")
    if token is None or token.user not in hub.users:
        # hf_raise_for_status compares this message, to tell a bad token from a hidden repo.
        raise HubError(401, BAD_TOKEN)
    return Caller(hub.users[token.user], token)


def require_caller(hub: HubState, request: Request) -> Caller:
    """Who sent the request; 401 without a token."""
    caller = caller_of(hub, request)
    if caller is None:
        raise HubError(401, "Invalid username or password.")
    return caller


def role_in(hub: HubState, user: User, namespace: str) -> Role | None:
    """The role of a user in a namespace; everyone is admin of their own."""
    if namespace == user.name:
        return "admin"
    org = hub.orgs.get(namespace)
    return None if org is None else org.members.get(user.name)


def _allows(token: Token, namespace: str, repo_id: str | None, permission: str) -> bool:
    """Whether the token itself lets its owner do this, leaving the owner's role aside."""
    reading = permission == "repo.content.read"
    if token.role == "write" or (token.role == "read" and reading):
        return True
    if token.role == "read":
        return False
    for scope in token.scopes:
        covers = scope.entity == (repo_id if scope.entity_type == "space" else namespace)
        granted = permission in scope.permissions or (reading and "repo.write" in scope.permissions)
        if covers and granted:
            return True
    return False


def can_read(hub: HubState, caller: Caller | None, repo: Repo) -> bool:
    """Whether the repo exists as far as this caller can tell."""
    if not repo.private:
        return True
    if caller is None or role_in(hub, caller.user, repo.namespace) is None:
        return False
    return _allows(caller.token, repo.namespace, repo.id, "repo.content.read")


def can_write(hub: HubState, caller: Caller, repo: Repo) -> bool:
    """Whether the caller may change the repo: its content, settings and secrets."""
    role = role_in(hub, caller.user, repo.namespace)
    if role == "contributor":  # Contributors write only to what they created themselves.
        role = "write" if repo.created_by == caller.user.name else None
    if role not in ("admin", "write"):
        return False
    return _allows(caller.token, repo.namespace, repo.id, "repo.write")


def readable_repo(hub: HubState, request: Request, repo_id: str) -> Repo:
    """The repo, if the caller may know of it; a moved one is redirected, as the Hub does."""
    caller = caller_of(hub, request)
    if repo_id not in hub.repos and repo_id in hub.moved:
        target = hub.url + request.raw_path.replace(repo_id, hub.moved[repo_id], 1)
        query = f"?{request.raw_query}" if request.raw_query else ""
        raise HubError(307, "Moved", headers={"Location": target + query})
    repo = hub.repos.get(repo_id)
    if repo is None or not can_read(hub, caller, repo):
        raise repo_not_found(anonymous=caller is None)
    return repo


def writable_repo(hub: HubState, request: Request, repo_id: str) -> Repo:
    """The repo, if the caller may change it; 403 if it may only be read."""
    repo = readable_repo(hub, request, repo_id)
    if not can_write(hub, require_caller(hub, request), repo):
        raise HubError(403, READ_ONLY)
    return repo


def require_namespace(hub: HubState, caller: Caller, namespace: str) -> None:
    """403 unless the caller may create repos there."""
    role = role_in(hub, caller.user, namespace)
    if role not in ("admin", "write", "contributor") or not _allows(
        caller.token, namespace, None, "repo.write"
    ):
        raise HubError(
            403, f'You don\'t have the rights to create a space under the namespace "{namespace}"'
        )


def plan_of(hub: HubState, namespace: str) -> tuple[Plan, bool]:
    """The plan that pays for a namespace, and whether it has a payment method."""
    owner: User | Org | None = hub.orgs.get(namespace) or hub.users.get(namespace)
    return ("free", False) if owner is None else (owner.plan, owner.can_pay)


def require_plan(hub: HubState, namespace: str, sdk: str, hardware: str, visibility: str) -> None:
    """402 for what a free plan does not include.

    From the docstring of ``HfApi.create_repo``: static Spaces are free; the others need a
    subscription on free hardware, or billing for paid hardware. Protected Spaces are a feature
    of the same subscriptions.
    """
    plan, can_pay = plan_of(hub, namespace)
    if sdk != "static":
        if hardware == "cpu-basic" and plan == "free":
            raise HubError(
                402,
                f"A subscription is required to create a {sdk} Space on free hardware: "
                "PRO for users, Team or Enterprise for organizations. Static Spaces are free.",
            )
        if hardware != "cpu-basic" and not can_pay:
            raise HubError(402, "Payment method required to use paid hardware")
    if visibility == "protected" and plan == "free":
        raise HubError(402, "A subscription is required to make a Space protected")


def whoami(hub: HubState, caller: Caller) -> dict[str, Any]:
    """The answer of ``/api/whoami-v2``, which ``HfApi.whoami`` returns as it is.

    ``_login`` in the client reads ``auth.accessToken``; ``_oauth`` the names of the org fields.
    """
    user, token = caller.user, caller.token
    access: dict[str, Any] = {
        "displayName": token.name,
        "role": token.role,
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    if token.role == "fineGrained":
        access["fineGrained"] = {
            "canReadGatedRepos": False,
            "global": [],
            "scoped": [
                {
                    "entity": {
                        "_id": f"id-{scope.entity}",
                        "type": scope.entity_type,
                        "name": scope.entity,
                    },
                    "permissions": list(scope.permissions),
                }
                for scope in token.scopes
            ],
        }
    return {
        "type": "user",
        "id": f"id-{user.name}",
        "name": user.name,
        "fullname": user.name.title(),
        "email": user.email,
        "emailVerified": True,
        "canPay": user.can_pay,
        "periodEnd": None,
        "isPro": user.plan != "free",
        "avatarUrl": "",
        "orgs": [
            {
                "type": "org",
                "id": f"id-{org.name}",
                "name": org.name,
                "fullname": org.name.title(),
                "canPay": org.can_pay,
                "periodEnd": None,
                "isEnterprise": org.plan == "enterprise",
                **({} if org.plan == "free" else {"plan": org.plan}),
                "avatarUrl": "",
                "roleInOrg": org.members[user.name],
            }
            for org in hub.orgs.values()
            if user.name in org.members
        ],
        "auth": {"type": "access_token", "accessToken": access},
    }
