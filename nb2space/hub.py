"""Talking to the Hugging Face Hub: who the author is, and what each refusal means in a sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError, RemoteError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# The Hub's rule for repository names: huggingface_hub.utils.validate_repo_id
_NAME = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(?<![-.])")

# What a header can carry: RFC 9110, 11.4 (credentials).
_TOKEN = re.compile(r"[!-~]+")

# What the Hub's client reads from the environment when it is imported:
# huggingface.co/docs/huggingface_hub/package_reference/environment_variables
_CLIENT = {
    # Xet, the other way to upload, has a client of its own: neither patient in our way nor with
    # errors that can be told apart. Sealed files have no parts in common, which it would save.
    "HF_HUB_DISABLE_XET": "1",
    # They write into our own progress, and into the silence of --quiet.
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}

PAID_PLAN = (
    "There are two ways out: a page without a kernel, which is free (nb2space convert NOTEBOOK "
    "--static), or a live kernel with PRO or Team (huggingface.co/pro) or on paid hardware "
    "(nb2space publish DIR --hardware cpu-upgrade)."
)
"""What to do when the Hub wants to be paid for a Space."""


_LOG_IN = (
    "Log in with: hf auth login, or set HF_TOKEN to a token of type 'write' "
    "(huggingface.co/settings/tokens)."
)
_ODD_TOKEN = f"Your token holds characters that no token has. {_LOG_IN}"


class Trouble(RemoteError):
    """The network or the Hub failed for now; what was asked may or may not have been done."""


class ConflictError(RemoteError):
    """Someone else changed the Space in between."""


@dataclass(frozen=True)
class Account:
    """Who the token belongs to; `organisations` are those it can name as owner.

    `reads_only` is True when the token is of type 'read', `can_pay` False when the Hub knows of no
    way to pay. `roles` are the roles in organisations, as far as the Hub tells. `writes` are the
    owners and Spaces that a fine-grained token may write to; None for another one.
    """

    name: str
    organisations: tuple[str, ...]
    is_pro: bool
    reads_only: bool = False
    can_pay: bool = True
    roles: dict[str, str] = field(default_factory=dict)
    writes: frozenset[str] | None = None


def connect(tell: Callable[[str], None]) -> HfApi:
    """The Hub's client, with the author's stored token or HF_TOKEN; `tell` is told of trouble."""
    for name, value in _CLIENT.items():
        os.environ.setdefault(name, value)
    from huggingface_hub import HfApi

    from nb2space.patience import be_patient
    from nb2space.version import __version__

    be_patient(tell)
    return HfApi(library_name="nb2space", library_version=__version__)


def who_am_i(api: HfApi) -> Account:
    """The account of the author's token.

    Raises InputError without a token and with one that cannot be read or is not valid, RemoteError
    when the Hub cannot be reached. Nothing has been sent then.
    """
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    try:
        _check_token()
        answer = api.whoami()
    except LocalTokenNotFoundError:
        raise InputError(f"You are not logged in to the Hugging Face Hub. {_LOG_IN}") from None
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise InputError(f"The Hub does not accept your token. {_LOG_IN}") from None
        raise sentence_for(error, "asking who you are") from None
    except (HTTPError, OSError) as error:
        raise Trouble(
            f"The Hub at {api.endpoint} cannot be reached ({_reason(error)}). "
            "Nothing was sent; check the network and run the same command again."
        ) from None
    except JSONDecodeError:
        raise _not_the_hub("asking who you are") from None
    token = answer.get("auth", {}).get("accessToken", {})
    return Account(
        name=answer["name"],
        organisations=tuple(org["name"] for org in answer.get("orgs", [])),
        is_pro=bool(answer.get("isPro")),
        reads_only=token.get("role") == "read",
        can_pay=answer.get("canPay") is not False,
        roles={org["name"]: str(org.get("roleInOrg", "")) for org in answer.get("orgs", [])},
        writes=_writes(token),
    )


def _check_token() -> None:
    """Raise InputError for a token that cannot be read or sent; what the network raises passes."""
    from huggingface_hub import get_token

    try:
        token = get_token()
    except UnicodeDecodeError:
        raise InputError(_ODD_TOKEN) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise InputError(
            f"Your login in {error.filename} cannot be read: {error.strerror}. {_LOG_IN}"
        ) from None
    if token and not _TOKEN.fullmatch(token):
        raise InputError(_ODD_TOKEN)


def _writes(token: dict[str, Any]) -> frozenset[str] | None:
    scopes = token.get("fineGrained", {}).get("scoped")
    if token.get("role") != "fineGrained" or scopes is None:
        return None
    return frozenset(
        str(scope.get("entity", {}).get("name"))
        for scope in scopes
        if "repo.write" in scope.get("permissions", [])
    )


def check_name(repo_id: str) -> None:
    """Raise InputError when `repo_id` is no "owner/name" that the Hub allows."""
    owner, _, name = repo_id.partition("/")
    if not (_NAME.fullmatch(owner) and _NAME.fullmatch(name)) or name.endswith(".git"):
        raise InputError(
            f"'{repo_id}' is not a name that the Hub allows: OWNER/NAME, each of letters, digits, "
            "'-', '_' and '.', at most 96 characters, not beginning or ending with '-' or '.', "
            "without '--' and '..', and not ending with '.git'."
        )


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what the Hub's client raises while `doing` something into RemoteError or InputError."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        yield
    except HfHubHTTPError as error:
        raise sentence_for(error, doing) from None
    except RuntimeError as error:
        # What the client raises of the upload of a large file, "from" the cause.
        if isinstance(error.__cause__, HfHubHTTPError):
            raise sentence_for(error.__cause__, doing) from None
        if isinstance(error.__cause__, HTTPError):
            raise _lost(error.__cause__, doing) from None
        raise
    except (HTTPError, ConnectionError, TimeoutError, LocalEntryNotFoundError) as error:
        raise _lost(error, doing) from None
    except JSONDecodeError:
        raise _not_the_hub(doing) from None
    except ValueError as error:
        said = " ".join(str(error).split())
        raise InputError(f"The Hub's client refused {doing}: {said}") from None


def _not_the_hub(doing: str) -> Trouble:
    return Trouble(
        f"What answered while {doing} does not speak as the Hub does. Check the network (a page to "
        "log in, a proxy), and run the same command again."
    )


def _lost(error: BaseException, doing: str) -> Trouble:
    return Trouble(
        f"The connection to the Hub was lost while {doing} ({_reason(error)}). "
        "Run the same command again; it goes on where it stopped."
    )


def address_of(info: Any) -> str:
    """Where a Space's app answers ("https://ana-report.hf.space/"); "" where the Hub does not say.

    `info` is a Space as huggingface_hub's space_info tells it.
    """
    return f"{info.host.rstrip('/')}/" if info.host else ""


def visibility_of(info: Any) -> str:
    """ "public", "protected" or "private", of a Space as huggingface_hub's space_info tells it."""
    return str(getattr(info, "visibility", None) or ("private" if info.private else "public"))


def sentence_for(error: Any, doing: str) -> InputError | RemoteError:
    """The sentence for an error answer of the Hub (huggingface_hub.errors.HfHubHTTPError)."""
    from huggingface_hub.errors import RepositoryNotFoundError

    from nb2space.patience import told_wait

    status = error.response.status_code
    said = (error.server_message or "").strip().rstrip(".") or error.response.reason_phrase
    if status == 400:
        return InputError(f"The Hub refused {doing}: {said}.")
    if status == 401:
        return InputError(f"The Hub does not accept your token while {doing}. Run: hf auth login")
    if status == 402:
        return RemoteError(f"The Hub asks for a paid plan while {doing}: {said}. {PAID_PLAN}")
    if status == 403:
        return InputError(
            f"Your token may not do this ({doing}): {said}. Use a token with write access to "
            "that owner's Spaces, or another owner with --to."
        )
    if isinstance(error, RepositoryNotFoundError):
        return InputError(
            f"The Hub has no such Space, or does not show it to you ({doing}). Check the name: "
            "OWNER/NAME."
        )
    if status in (409, 412):
        return ConflictError(
            f"Someone else changed the Space while {doing}. Run the command again."
        )
    if status == 429:
        wait = told_wait(error.response)
        after = f" in {wait} seconds" if wait else " in a few minutes"
        return Trouble(
            f"The Hub asks to slow down while {doing}. Run the same command again{after}; "
            "it goes on where it stopped."
        )
    if status >= 500:
        return Trouble(
            f"The Hub has trouble (status {status}) while {doing}. Run the same command again "
            "later; it goes on where it stopped."
        )
    return RemoteError(f"The Hub refused {doing} (status {status}): {said}.")


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
