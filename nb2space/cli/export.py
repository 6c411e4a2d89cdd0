"""`nb2space export`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.output import Sink, output_options
from nb2space.cli.words import ANY_PATH


@click.command(
    name="export", no_args_is_help=True, short_help="Write files to run the app elsewhere."
)
@click.argument("kind", metavar="compose|kubernetes", type=click.Choice(["compose", "kubernetes"]))
@click.argument("folder", metavar="DIR", type=ANY_PATH)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=ANY_PATH,
    help="Where to write. Without it: DIR's name with -compose or -kubernetes, here.",
)
@click.option("--image", metavar="NAME", help="The image's name. Without it: the app's name.")
@click.option(
    "--host", metavar="NAME", default="app.example.com", show_default=True,
    help="The address that viewers open, for the Ingress.",
)  # fmt: skip
@click.option(
    "--copies", type=click.IntRange(1, 100), default=2, show_default=True,
    help="How many copies of the app share the viewers.",
)  # fmt: skip
@click.option(
    "--memory", type=click.IntRange(1, 1024), default=4, show_default=True, metavar="GIB",
    help="The most memory that a copy may use.",
)  # fmt: skip
@output_options
def command(
    kind: str,
    folder: Path,
    output: Path | None,
    image: str | None,
    host: str,
    copies: int,
    memory: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write what runs the app of the Space folder DIR elsewhere than on the Hub.

    The image is the one that the Hub would build. Several copies stand behind one address, and
    each viewer stays with the copy that has their kernel. Secrets are in a file of their own, which
    only you can read.
    """
    import os

    from nb2space import elsewhere, spacesecrets
    from nb2space.keystore import known_record
    from nb2space.plan import check_folder
    from nb2space.space import read_manifest

    sink = Sink(as_json, quiet)
    manifest = read_manifest(folder)
    elsewhere.refuse_static(manifest)
    record = known_record(folder, manifest.space_id)
    check_folder(folder)
    output = output or Path(f"{folder.resolve().name}-{kind}")
    values = spacesecrets.known_values(record, {})
    name = elsewhere.app_name(manifest)
    setup = elsewhere.Setup(
        name=name,
        image=image or f"{name}:latest",
        folder=Path(os.path.relpath(folder, output)).as_posix(),
        copies=copies,
        host=host,
        memory=memory,
    )
    secrets = elsewhere.secrets_for(record.key, values)
    files = elsewhere.FORMATS[kind](setup, secrets)
    elsewhere.write_export(output, files)
    if missing := spacesecrets.explain_missing(record.secrets, values):
        sink.notice(missing)
    for line in (
        f"{output}: {', '.join(sorted(files))}",
        *elsewhere.next_steps(kind, setup, output),
    ):
        sink.say(line)
    sink.result({"folder": str(output), "files": sorted(files), "image": setup.image})
