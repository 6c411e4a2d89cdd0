"""Questions to the author, each with a default; never asked where nobody can answer."""

from __future__ import annotations

import sys

import click


def may_ask(never: bool) -> bool:
    """True when there is someone to ask."""
    return not never and sys.stdin.isatty()


def ask_target(default: str) -> str:
    """Which Space to publish to."""
    answer: str = click.prompt("Publish to", default=default)
    return answer


def ask_secret(name: str) -> str:
    """The value of a secret, which is not shown while it is typed."""
    answer: str = click.prompt(f"The value of {name} (not shown)", hide_input=True)
    return answer


def ask_visibility() -> str:
    """Who may see a new Space."""
    answer: str = click.prompt(
        "Who may see it (public: everyone; protected: everyone the app, only you the files; "
        "private: only you)",
        type=click.Choice(["public", "protected", "private"]),
        default="public",
    )
    return answer


def ask_name(target: str) -> str:
    """The name of a Space, typed as a proof that it is meant."""
    answer: str = click.prompt(f"This deletes {target} for everyone. Type its name to go on")
    return answer
