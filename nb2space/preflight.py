"""What the Hub would refuse, found before anything is sent."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError, RemoteError
from nb2space.hub import PAID_PLAN, Account, explained
from nb2space.space import DOCKER, MOST_BYTES, SpaceFile

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from nb2space.plan import Plan

# huggingface.co/docs/hub/spaces-config-reference
CARD = "README.md"
_MOST_DESCRIPTION = 60
# huggingface.co/docs/hub/spaces-gpus; the second is for PRO and Team.
_FREE_HARDWARE = ("cpu-basic", "zero-a10g")


def check_files(files: Iterable[SpaceFile]) -> None:
    """Raise InputError when the Hub would not take these files: their size, or the Space card."""
    files = list(files)
    size = sum(len(file.content) for file in files)
    if size > MOST_BYTES:
        largest = max(files, key=lambda file: len(file.content))
        raise InputError(
            f"The Space would have {size / 1e9:.1f} GB, and the Hub takes 1 GB; the largest file "
            f"is {largest.path}. Leave data files out with nb2space convert --exclude."
        )
    for file in files:
        if file.path == CARD:
            _check_card(file.content.decode("utf-8", "replace"))


def check_token(api: HfApi, account: Account) -> None:
    """Raise InputError when the token may only read."""
    if account.reads_only:
        raise InputError(
            "Your token may only read. Make one of type 'write' at "
            f"{api.endpoint}/settings/tokens, then: hf auth login"
        )


def check_rights(account: Account, plan: Plan, form: str) -> None:
    """Raise InputError or RemoteError when this account cannot do what is planned."""
    owner = plan.target.partition("/")[0]
    if account.roles.get(owner) == "read":
        raise InputError(
            f"You ({account.name}) may only read in the organisation '{owner}'. Ask its "
            "administrator for the role 'write', or choose another owner with --to."
        )
    if account.writes is not None and not account.writes & {owner, plan.target}:
        raise InputError(
            f"Your token may not write to {plan.target}. Give it write access to the Spaces of "
            f"'{owner}', use one of type 'write', or choose another owner with --to."
        )
    if owner != account.name:
        return  # what an organisation pays for, the Hub does not tell for certain
    if plan.hardware not in ("", *_FREE_HARDWARE) and not account.can_pay:
        raise RemoteError(
            f"The hardware {plan.hardware} is paid, and your account has no way to pay yet: "
            "huggingface.co/settings/billing"
        )
    if account.is_pro:
        return
    if form == DOCKER and not plan.exists and plan.hardware in ("", *_FREE_HARDWARE):
        raise RemoteError(
            f"{plan.target} would run a kernel, in a Docker Space, and the Hub asks for a paid "
            f"plan for that. {PAID_PLAN}"
        )
    if plan.visibility == "protected" and plan.visible_now != "protected":
        raise RemoteError(
            "A protected Space needs PRO or Team (huggingface.co/pro). Choose --visibility public "
            "or private."
        )


def check_card_on_hub(text: str) -> None:
    """Ask the Hub whether it would take this Space card; the question changes nothing there.

    Raises InputError with the Hub's reasons, RemoteError when it cannot be asked.
    """
    from huggingface_hub import RepoCard

    with explained("checking the Space card"):
        try:
            RepoCard(text, ignore_metadata_errors=True).validate(repo_type="space")
        except ValueError as error:
            raise _refused(_reasons(str(error))) from None


def _refused(problem: str) -> InputError:
    return InputError(f"The Hub would refuse README.md: {problem}. Convert the notebook again.")


def _reasons(answer: str) -> str:
    """What the Hub says against a card, out of its answer."""
    try:
        return "; ".join(str(each["message"]).rstrip(".") for each in json.loads(answer)["errors"])
    except (ValueError, TypeError, KeyError):
        return "its settings are not valid"


def check_hardware(api: HfApi, name: str) -> None:
    """Raise InputError when the Hub has no hardware of this name. "" is the Space's own."""
    if not name:
        return
    with explained("asking which hardware there is"):
        known = [hardware.name for hardware in api.list_spaces_hardware()]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise InputError(
            f"The Hub has no hardware '{name}'."
            + (f" Did you mean '{close[0]}'?" if close else f" It has: {', '.join(known)}.")
        )


def _check_card(text: str) -> None:
    import yaml

    try:
        card: Any = yaml.safe_load(text.split("---", 2)[1])
        problem = _problem_of(card)
    except (yaml.YAMLError, IndexError):
        problem = "its settings are no YAML"
    if problem:
        raise _refused(problem)


def _problem_of(card: Any) -> str:
    if not isinstance(card, dict) or card.get("sdk") not in ("docker", "static"):
        return "its settings name no kind of Space"
    if not str(card.get("title") or "").strip():
        return "it has no title"
    if len(str(card.get("short_description") or "")) > _MOST_DESCRIPTION:
        return f"its short_description has more than {_MOST_DESCRIPTION} characters"
    return ""
