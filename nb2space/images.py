"""Pictures that Markdown refers to by path or as attachments, put into the Markdown itself.

A Space holds no file of the author's but those in its manifest, and its server gives out none, so
a picture travels inside the text that shows it.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from nb2space.runtime.cleantext import text_of
from nb2space.runtime.media import bare_bytes

# ![alt](path "title"), ![alt](<path with blanks>) and <img src="path">, by their path.
_MARKDOWN = re.compile(
    r"(!\[[^\]]*\]\()\s*(?:<([^<>\n]+)>|([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)*))"
)
_HTML = re.compile(
    r"""(<img\b[^>]*?\ssrc\s*=\s*)(?:"([^"]+)"|'([^']+)'|([^\s"'>]+))""", re.IGNORECASE
)
# An attachment's name in a picture, a link or the definition of a reference.
_ATTACHED = re.compile(
    r"(\]\(\s*|\]:[ \t]*)"
    r"(?:<(attachment:[^<>\n]*)>|(attachment:[^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*))"
)
_PICTURE = re.compile(r"image/[\w.+-]+")

# A transparent pixel.
NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


NO_ATTACHMENTS: Mapping[str, Any] = MappingProxyType({})


def inline_images(
    text: str, folder: Path, attachments: Mapping[str, Any] = NO_ATTACHMENTS
) -> tuple[str, list[str]]:
    """`text` with pictures as data URIs, and the paths and names not found.

    They lie below or beside `folder`, or are `attachments` of the cell, MIME bundles by name.
    """
    missing: list[str] = []

    def replace(match: re.Match[str], quote: str) -> str:
        target = next(filter(None, match.groups()[1:]))
        if target.startswith("attachment:"):
            uri = _attached(unquote(target.partition(":")[2]), attachments)
        elif re.match(r"(?!file:)[a-zA-Z][a-zA-Z0-9+.-]+:|//|#", target):
            return match[0]
        else:
            is_outside = target.startswith(("/", "file:"))
            uri = None if is_outside else _data_uri(folder / unquote(target))
        if uri is None:
            # Neither a broken picture nor a path on the author's machine is for viewers.
            missing.append(target)
            uri = NO_PICTURE
        return f"{match[1]}{quote}{uri}{quote}"

    text = _ATTACHED.sub(lambda match: replace(match, ""), text)
    text = _MARKDOWN.sub(lambda match: replace(match, ""), text)
    text = _HTML.sub(lambda match: replace(match, '"'), text)
    return text, missing


def _attached(name: str, attachments: Mapping[str, Any]) -> str | None:
    """The picture among the forms of an attachment, as a data URI."""
    bundle = attachments.get(name)
    for kind, data in bundle.items() if isinstance(bundle, Mapping) else ():
        text = text_of(data)
        if text is None or not _PICTURE.fullmatch(kind):
            continue
        try:
            # Jupyter keeps all of them in base64, the format has drawings as they are.
            is_plain = text.lstrip().startswith("<")
            content = text.encode() if is_plain else base64.b64decode("".join(text.split()))
        except ValueError:
            continue
        return _uri_of(kind, content)
    return None


def _data_uri(path: Path) -> str | None:
    kind, _ = mimetypes.guess_type(path.name, strict=False)
    if not kind or not kind.startswith("image/"):
        return None
    try:
        content = path.read_bytes()
    except (OSError, ValueError):  # ValueError: no path can hold the character %00
        return None
    return _uri_of(kind, content)


def _uri_of(kind: str, content: bytes) -> str:
    # A camera tells where it was, a drawing program in which folder.
    return f"data:{kind};base64,{base64.b64encode(bare_bytes(content)).decode('ascii')}"
