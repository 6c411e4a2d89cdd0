"""README cards of Spaces: front matter, and the checks behind ``/api/validate-yaml``.

The answers' shape (``errors`` and ``warnings``, each with a ``message``) is what
``HfApi._validate_yaml`` reads: warnings become Python warnings, a 400 becomes a ValueError.
Only flat ``key: value`` YAML is understood here, since the server uses the standard library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BLOCK = re.compile(r"\A\s*---[\r\n]+(.*?)[\r\n]+---(?:\r?\n|\Z)", re.DOTALL)
_KEY = re.compile(r"([A-Za-z_][\w-]*)\s*:(?:\s+(.*))?\Z")

COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SDKS = ("gradio", "docker", "static", "streamlit")
MISSING = "empty or missing yaml metadata in repo card"
INVALID = "The YAML metadata of your README.md is invalid."


@dataclass
class Card:
    """What a README says about its Space, and what is wrong with it."""

    data: dict[str, str | list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def text(self, key: str) -> str | None:
        """A single-valued key, or None."""
        value = self.data.get(key)
        return value if isinstance(value, str) else None


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
        return text.split(" #")[0].rstrip()
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    # YAML writers escape emoji as \U0001F4CA, JSON writers as a pair of surrogates.
    plain = re.sub(
        r"\\(?:U([0-9A-Fa-f]{8})|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))",
        lambda match: chr(int(match[1] or match[2] or match[3], 16)),
        text[1:-1],
    )
    return re.sub(r"\\(.)", r"\1", plain).encode("utf-16", "surrogatepass").decode("utf-16")


def _value(text: str) -> str | list[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(item) for item in text[1:-1].split(",") if item.strip()]
    return _scalar(text)


def _bad_scalar(text: str) -> bool:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return len(text) < 2 or text[-1] != text[0]
    if text[:1] in ("[", "{"):
        return text[-1:] not in ("]", "}")
    # An unquoted ": " inside a value is the classic mistake in a title.
    return ": " in text or text[:1] in ("@", "`", "%", "&", "*", "!")


def parse_card(content: str) -> Card:
    """Read and check a README as the Hub does before a commit."""
    card = Card()
    match = _BLOCK.match(content)
    if match is None:
        card.warnings.append(MISSING)
        return card
    if not match[1].strip():
        card.errors.append(INVALID)
        return card
    key = ""
    for number, line in enumerate(match[1].splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if key and re.match(r"\s*- ", line):
            items = card.data.get(key)
            values = items if isinstance(items, list) else []
            card.data[key] = [*values, _scalar(line.strip()[2:])]
            continue
        if key and line[0] in " \t":
            folded = card.data[key]
            if isinstance(folded, str) and folded:  # A long value, wrapped by the YAML writer.
                card.data[key] = f"{folded} {line.strip()}"
            continue  # Anything nested is not needed here, so it is not understood.
        pair = _KEY.match(line)
        if pair is None:
            card.errors.append(f"Invalid YAML in README.md: line {number}: {line.strip()!r}")
            return card
        key, value = pair[1], pair[2] or ""
        if _bad_scalar(value):
            card.errors.append(f"Invalid YAML in README.md: line {number}: {value.strip()!r}")
            return card
        card.data[key] = _value(value)
    _check(card)
    return card


def _check(card: Card) -> None:
    """The rules of https://huggingface.co/docs/hub/spaces-config-reference that matter here."""
    for key, allowed in (("colorFrom", COLORS), ("colorTo", COLORS), ("sdk", SDKS)):
        value = card.data.get(key)
        if value is not None and value not in allowed:
            card.errors.append(f'"{key}" must be one of [{", ".join(allowed)}]')
    short = card.text("short_description")
    if short is not None and len(short) > 60:
        card.errors.append(
            '"short_description" length must be less than or equal to 60 characters long'
        )
    port = card.text("app_port")
    if port is not None and not port.isdigit():
        card.errors.append('"app_port" must be a number')
    emoji = card.text("emoji")
    if emoji is not None and emoji.isascii():
        card.errors.append('"emoji" must be a valid emoji')
