"""`nb2space scan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2space.cli.output import Sink, output_options
from nb2space.cli.words import ANY_PATH
from nb2space.shell import shell_word

if TYPE_CHECKING:
    from nb2space.secrets import Finding

# What becomes of a secret, in words for the table.
_ENDS = {
    "lifted": "taken out of the code",
    "masked": "masked",
    "refused": "stops the conversion",
    "found": "lies in the open",
}


@click.command(
    name="scan", no_args_is_help=True, short_help="Look for secrets in a notebook or folder."
)
@click.argument("target", metavar="NOTEBOOK|DIR", type=ANY_PATH)
@output_options
def command(target: Path, as_json: bool, quiet: bool) -> None:
    """Look for passwords, keys and tokens in NOTEBOOK, or in every file of DIR.

    Nothing is run or changed. Says where each is, never what, and what `nb2space convert` does
    with it. Ends with exit code 1 when something is found.
    """
    from nb2space.errors import FindingError
    from nb2space.scan import scan

    sink = Sink(as_json, quiet)
    scanned = scan(target)
    findings = scanned.findings
    for notice in scanned.notices:
        sink.notice(notice)
    told = [as_dict(finding) for finding in findings]
    sink.result({"findings": told, "notices": list(scanned.notices)})
    if not findings:
        sink.say(f"No secrets were found in {target}.")
        return
    width = max(len(finding.where) for finding in findings)
    kinds = max(len(finding.kind) for finding in findings)
    for finding in findings:
        sink.say(
            f"{finding.where:{width}}  {finding.kind:{kinds}}  {finding.confidence:6}  "
            f"{finding.shown}  {_ENDS[finding.becomes]}  {finding.fingerprint}"
        )
    count = len(findings)
    raise FindingError(
        f"{count} {'place holds a secret' if count == 1 else 'places hold secrets'}. What is none "
        'can be named in nb2space.toml: [secrets] ignore = ["FINGERPRINT"], by the last column of '
        f"nb2space scan {shell_word(target)}."
    )


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding for programs, without its value."""
    return {
        "where": finding.where,
        "cell": finding.cell,
        "line": finding.line,
        "kind": finding.kind,
        "confidence": finding.confidence,
        "shown": finding.shown,
        "becomes": finding.becomes,
        "fingerprint": finding.fingerprint,
    }
