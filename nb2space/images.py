"""Pictures that Markdown refers to by path, put into the Markdown itself.

A Space holds no file of the author's but those in its manifest, and its server gives out none, so
a picture travels inside the text that shows it.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

from nb2space.runtime.media import bare_bytes

# ![alt](path "title"), ![alt](<path with blanks>) and <img src="path">, by their path.
_MARKDOWN = re.compile(
    r"(!\[[^\]]*\]\()\s*(?:<([^<>\n]+)>|([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)*))"
)
_HTML = re.compile(
    r"""(<img\b[^>]*?\ssrc\s*=\s*)(?:"([^"]+)"|'([^']+)'|([^\s"'>]+))""", re.IGNORECASE
)


# A transparent pixel.
NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def inline_images(text: str, folder: Path) -> tuple[str, list[str]]:
    """`text` with pictures below or beside `folder` as data URIs, and the paths not found."""
    missing: list[str] = []

    def replace(match: re.Match[str], quote: str) -> str:
        target = next(filter(None, match.groups()[1:]))
        if re.match(r"(?!file:)[a-zA-Z][a-zA-Z0-9+.-]+:|//|#", target):
            return match[0]
        uri = None if target.startswith(("/", "file:")) else _data_uri(folder / unquote(target))
        if uri is None:
            # Neither a broken picture nor a path on the author's machine is for viewers.
            missing.append(target)
            uri = NO_PICTURE
        return f"{match[1]}{quote}{uri}{quote}"

    text = _MARKDOWN.sub(lambda match: replace(match, ""), text)
    text = _HTML.sub(lambda match: replace(match, '"'), text)
    return text, missing


def _data_uri(path: Path) -> str | None:
    kind, _ = mimetypes.guess_type(path.name, strict=False)
    if not kind or not kind.startswith("image/"):
        return None
    try:
        content = path.read_bytes()
    except (OSError, ValueError):  # ValueError: no path can hold the character %00
        return None
    # A camera tells where it was, a drawing program in which folder.
    return f"data:{kind};base64,{base64.b64encode(bare_bytes(content)).decode('ascii')}"
