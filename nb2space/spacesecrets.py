"""The secret values that a notebook's code takes from its environment: how a Space gets them.

The names come with the key store's record of the folder. No value is in anything that is printed,
raised, or written anywhere but in the key store.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError, RemoteError
from nb2space.hub import explained
from nb2space.keystore import Record, save_record
from nb2space.runtime.masking import Mask

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# A setting as .env files have it: github.com/theskumar/python-dotenv, "File format".
_SETTING = re.compile(
    r"""[^\S\n]*(?:export[^\S\n]+)?(?P<name>[A-Za-z_]\w*)[^\S\n]*=[^\S\n]*
    (?:"(?P<double>(?:\\.|[^"\\])*)"[^\S\n]*(?:\#[^\n]*)?
    |'(?P<single>(?:\\.|[^'\\])*)'[^\S\n]*(?:\#[^\n]*)?
    |(?P<plain>(?!["'])[^\n]*))(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NOTHING = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FEW = {"'": "'", "\\": "\\"}
_ESCAPED = {**_FEW, "n": "\n", "r": "\r", "t": "\t", '"': '"'}


def given_values(record: Record, options: Iterable[str], file: Path | None) -> dict[str, str]:
    """The values that the author gives now: by `--secret` in `options`, else by `--secrets-file`.

    Raises InputError for a name that the notebook does not use, and for a value that is not there.
    """
    given = {}
    if file is not None:
        # Such a file often serves other programs too, so that other names in it are no mistake.
        given = {n: v for n, v in _read_settings(file).items() if v and n in record.secrets}
    for option in options:
        name, has_value, value = option.partition("=")
        if name not in record.secrets:
            raise InputError(_unknown(record))
        if not has_value:
            value = os.environ.get(name, "")
            if not value:
                raise InputError(
                    f"--secret {name} takes the value from the environment variable {name}, which "
                    "is not set here. Set it, or give the value another way."
                )
        if not value:
            raise InputError(f"--secret {name}= gives no value; leave it out, or give one.")
        given[name] = value
    return given


def known_values(record: Record, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each secret that is known: given now, else kept, else in the environment."""
    found = {
        name: given.get(name) or kept or os.environ.get(name, "")
        for name, kept in record.secrets.items()
    }
    return {name: value for name, value in found.items() if value}


def explain_missing(names: Iterable[str], values: Mapping[str, str]) -> str:
    """A sentence about those of `names` without a value here, and how to give one; else ""."""
    missing = [name for name in names if name not in values]
    if not missing:
        return ""
    return (
        f"The notebook's code uses {_listed(missing)}, and this machine does not know the "
        f"value{'s' * (len(missing) > 1)}. Set an environment variable of the same name, or give "
        "--secrets-file FILE with lines NAME=VALUE, or --secret NAME=VALUE, which stays in the "
        "shell's history."
    )


def complete_values(
    record: Record,
    given: Mapping[str, str],
    names: Iterable[str],
    ask: Callable[[str], str] | None,
) -> dict[str, str]:
    """The values of the secrets, the missing ones of `names` asked for; new ones are kept.

    `ask` is given a name; None where nobody can be asked. Raises InputError then when one is
    missing.
    """
    names = list(names)
    values = known_values(record, given)
    if ask is None and (missing := explain_missing(names, values)):
        raise InputError(missing)
    asked = {name: ask(name) for name in names if ask is not None and name not in values}
    new = {**given, **asked}
    values.update(new)
    for name, value in values.items():
        _check_text(name, value)
    if any(record.secrets[name] != value for name, value in new.items()):
        save_record(replace(record, secrets={**record.secrets, **new}))
    return values


def secrets_to_set(
    record: Record, values: Mapping[str, str], target: str, on_hub: Collection[str]
) -> tuple[str, ...]:
    """The names whose values the Space `target` does not have, as far as is known here.

    What this machine does not know and the Space has, it keeps.
    """
    remembered = _remembered(record, target)
    return tuple(
        name
        for name in record.secrets
        if name not in on_hub
        or (name in values and remembered.get(name) != _fingerprint(record, values[name]))
    )


def secrets_to_delete(record: Record, target: str, on_hub: Collection[str]) -> tuple[str, ...]:
    """The names that an earlier version gave the Space and that the notebook uses no longer."""
    stale = [name for name in _remembered(record, target) if name not in record.secrets]
    return tuple(name for name in stale if name in on_hub)


def set_secrets(
    api: HfApi,
    record: Record,
    target: str,
    names: tuple[str, ...],
    values: Mapping[str, str],
    step: Callable[[str], None],
) -> dict[str, Any]:
    """Give the Space these secrets; what publishing shall remember of each Space's secrets."""
    remembered = _remembered(record, target)
    if names:
        step(f"Giving it the secret{'s' * (len(names) > 1)} {', '.join(names)}")
    for name in names:
        try:
            with explained(f"setting the secret {name}"):
                api.add_space_secret(target, name, values[name])
        except (InputError, RemoteError) as error:
            # The Hub's own words are in it, and may repeat what was sent.
            raise type(error)(Mask([values[name]]).text(str(error))) from None
        remembered[name] = _fingerprint(record, values[name])
    every = {**record.published.get("secrets", {}), target: remembered}
    return {space: marks for space, marks in every.items() if marks}


def delete_secrets(
    api: HfApi, record: Record, target: str, names: tuple[str, ...], step: Callable[[str], None]
) -> None:
    """Take from the Space the secrets that it needs no longer, and forget them."""
    if names:
        step(f"Taking back the secret{'s' * (len(names) > 1)} {', '.join(names)}")
    for name in names:
        with explained(f"deleting the secret {name}"):
            api.delete_space_secret(target, name)
    remembered = _remembered(record, target)
    kept = {name: mark for name, mark in remembered.items() if name in record.secrets}
    if kept != remembered:
        secrets = {**record.published.get("secrets", {}), target: kept}
        save_record(replace(record, published={**record.published, "secrets": secrets}))


def _remembered(record: Record, target: str) -> dict[str, str]:
    """The fingerprints of what the Space was given, by name."""
    return dict(record.published.get("secrets", {}).get(target, {}))


def _fingerprint(record: Record, value: str) -> str:
    # The key is as good as random, so that a short value cannot be guessed from its fingerprint.
    return hashlib.sha256(f"{record.key}\0{value}".encode()).hexdigest()[:16]


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
        is_text = "\0" not in value
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        raise InputError(
            f"The value of {name} is no text in UTF-8, so a Space cannot be given it. Check where "
            "it comes from."
        )


def _read_settings(file: Path) -> dict[str, str]:
    """The settings of a .env file, by name."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"The secrets file {file} cannot be read: {error.strerror}. Check its path and rights."
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"The secrets file {file} is no text in UTF-8; save it as such.") from None
    return dict(_settings(text, file))


def _settings(text: str, file: Path) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        nothing = _NOTHING.match(text, place)
        if nothing:
            place = nothing.end()
            continue
        found = _SETTING.match(text, place)
        if found is None:
            # The line itself may hold a secret, so it is not repeated.
            raise InputError(
                f"Line {text.count(chr(10), 0, place) + 1} of {file} is not NAME=VALUE. A value in "
                "quotes needs both of them; a comment begins with #."
            )
        if found["plain"] is not None:
            yield found["name"], re.sub(r"(?:^|\s+)#.*", "", found["plain"]).strip()
        else:
            double, single = found["double"], found["single"]
            yield (
                found["name"],
                _unescaped(single, _FEW) if double is None else _unescaped(double, _ESCAPED),
            )
        place = found.end()


def _unescaped(text: str, known: Mapping[str, str]) -> str:
    return _ESCAPE.sub(lambda found: known.get(found[1], found[0]), text)


def _unknown(record: Record) -> str:
    if not record.secrets:
        return "--secret was given, but the notebook's code uses no secrets. Leave it out."
    # The name is not repeated: it may be a value that was given without its name.
    return (
        "--secret was given a name that the notebook's code does not use; it uses "
        f"{_listed(list(record.secrets))}. Check the spelling: --secret NAME or NAME=VALUE."
    )


def _listed(names: list[str]) -> str:
    return f"the secret{'s' * (len(names) > 1)} {', '.join(names)}"
