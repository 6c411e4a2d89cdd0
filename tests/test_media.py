"""Pictures lose their texts and stay the same pictures."""

from __future__ import annotations

import base64
import io
import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from nb2space.runtime.media import bare_buffer, bare_bytes, bare_data_urls, bare_picture


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


def a_gif(**more: Any) -> bytes:
    buffer = io.BytesIO()
    frames = [picture().quantize(8), picture().transpose(Image.Transpose.ROTATE_180).quantize(8)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], loop=3, **more)
    return buffer.getvalue()


def a_webp() -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "secret-description"
    picture().save(buffer, "WEBP", lossless=True, exif=exif, xmp=b"<x>secret-xmp</x>")
    return buffer.getvalue()


def a_png() -> bytes:
    buffer, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    texts.add_text("Comment", "secret-comment")
    picture().save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue() + b"secret-behind-the-end"


SVG = "<svg xmlns='http://www.w3.org/2000/svg'><desc>secret</desc><!-- secret --><g/></svg>"


@pytest.mark.parametrize(
    ("mime", "raw"),
    [
        ("image/gif", a_gif(comment=b"secret-comment")),
        ("image/webp", a_webp()),
        ("image/png", a_png()),
    ],
    ids=["gif", "webp", "png"],
)
def test_pictures_of_each_kind_lose_their_texts_wherever_they_stand(mime: str, raw: bytes) -> None:
    assert b"secret" in raw
    bare = bare_buffer(memoryview(raw))
    assert b"secret" not in bare and base64.b64decode(bare_picture(mime, encoded(raw))) == bare
    url = f"data:{mime};base64,{encoded(raw)}"
    for text in (f'<img src="{url}">', f"![a]({url})", f"a {url}\n b"):
        assert bare_data_urls(text) == text.replace(encoded(raw), encoded(bare))
    in_lines = f'<img src="data:{mime};base64,{base64.encodebytes(raw).decode()}">'
    assert encoded(bare) in bare_data_urls(in_lines)
    before, after = Image.open(io.BytesIO(raw)), Image.open(io.BytesIO(bare))
    assert before.info.get("loop") == after.info.get("loop")
    for number in range(getattr(before, "n_frames", 1)):
        before.seek(number)
        after.seek(number)
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


def test_drawings_lose_their_texts_wherever_they_stand() -> None:
    bare = bare_picture("image/svg+xml", SVG)
    assert "secret" not in bare and "<g/>" in bare
    assert bare_buffer(SVG.encode()) == bare.encode()
    for before in ("\n\n  ", "\ufeff", '<?xml version="1.0"?>', "\n<!DOCTYPE svg>\n"):
        assert bare_buffer(f"{before}{SVG}".encode()) == f"{before}{bare}".encode()
    for url in (
        f"data:image/svg+xml;base64,{encoded(SVG.encode())}",
        f"data:image/svg+xml,{quote(SVG)}",
        f"data:image/svg+xml;utf8,{quote(SVG)}",
    ):
        shown = bare_data_urls(f'<img src="{url}">')
        assert "secret" not in unquote(shown)
        assert encoded(b"secret")[:6] not in shown and len(shown) < len(url)


def test_a_picture_in_a_drawing_loses_its_texts() -> None:
    svg = f'<svg><image href="data:image/png;base64,{encoded(a_png())}"/></svg>'
    (inner,) = re.findall(r"base64,([^\"]*)", bare_picture("image/svg+xml", svg))
    assert b"secret" not in base64.b64decode(inner)


@given(st.sampled_from([b"GIF89a", b"RIFF", b"<svg", b"RIFF\0\0\0\0WEBP"]), st.binary(max_size=90))
def test_broken_pictures_do_not_make_it_fail(head: bytes, raw: bytes) -> None:
    assert isinstance(bare_bytes(head + raw), bytes)


@given(
    st.sampled_from(["png", "svg+xml"]),
    st.text(st.sampled_from("data:image/png;base64,AQ=%3C\n\"'")),
)
# Where a script puts a picture together, what follows is none.
@example("svg+xml", "2dra")
def test_no_text_makes_the_search_for_pictures_fail(kind: str, text: str) -> None:
    assert isinstance(bare_data_urls(f"data:image/{kind};base64,{text}"), str)
