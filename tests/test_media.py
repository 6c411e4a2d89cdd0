"""Pictures lose their texts and stay the same pictures."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from nb2space.runtime.media import bare_picture


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def picture() -> Image.Image:
    image = Image.new("RGB", (9, 7))
    image.putdata([(x * 20 % 256, x * 7 % 256, x) for x in range(63)])
    return image


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_the_texts_go_and_the_picture_stays(kind: str) -> None:
    buffer = io.BytesIO()
    if kind == "png":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Software", "secret-software")
        texts.add_itxt("Comment", "secret-comment", zip=True)
        picture().save(buffer, "PNG", pnginfo=texts)
    else:
        exif = Image.Exif()
        exif[0x010E] = "secret-description"
        picture().save(buffer, "JPEG", exif=exif, comment=b"secret-comment")
    assert b"secret" in buffer.getvalue()
    bare = base64.b64decode(bare_picture(f"image/{kind}", encoded(buffer.getvalue())))
    assert b"secret" not in bare and b"Comment" not in bare
    before, after = Image.open(buffer), Image.open(io.BytesIO(bare))
    assert before.tobytes() == after.tobytes()


def test_an_svg_loses_comments_and_metadata() -> None:
    svg = "<svg><!-- /home/ana --><metadata><x>Matplotlib</x></metadata><path d='M0'/></svg>"
    assert bare_picture("image/svg+xml", svg) == "<svg><path d='M0'/></svg>"


@given(st.sampled_from(["image/png", "image/jpeg"]), st.binary(max_size=60))
def test_what_is_no_picture_does_not_make_it_fail(mime: str, raw: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8"):
        assert isinstance(bare_picture(mime, encoded(head + raw)), str)
