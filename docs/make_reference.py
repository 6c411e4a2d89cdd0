"""Writes docs/reference.md from the commands' own --help: python docs/make_reference.py"""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli import cli

HEAD = """# Reference

Made from `--help` by `python docs/make_reference.py`; a test fails when it is out of date.
"""


def reference() -> str:
    """The text of docs/reference.md."""
    settings = {**cli.context_settings, "terminal_width": 88}
    root = click.Context(cli, info_name="nb2space", **settings)
    parts = [HEAD, _section("nb2space", cli.get_help(root))]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command
        context = click.Context(command, parent=root, info_name=name, **settings)
        parts.append(_section(f"nb2space {name}", command.get_help(context)))
    return "\n".join(parts)


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n```\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    Path(__file__).with_name("reference.md").write_text(reference(), encoding="utf-8")
