"""Pictures in Markdown: inside the text, or not at all, and no path of the author's left."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import many

from nb2space.images import NO_PICTURE, inline_images

PNG = b"\x89PNG\r\n\x1a\n"
URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook's folder with pictures in it, below it, and beside it."""
    place = tmp_path_factory.mktemp("pictures")
    names = [
        "plot.png", "PLOT.PNG", "my plot.png", "plot(1).png", "ü.png", "deep/plot.png",
    ]  # fmt: skip
    for name in names:
        path = place / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    (place / "beside.png").write_bytes(PNG)
    (place / "book" / "plot.webp").write_bytes(b"RIFF")
    (place / "book" / "notes.txt").write_text("private")
    (place / "book" / "folder.png").mkdir()
    return place / "book"


@pytest.mark.parametrize(
    ("text", "inlined"),
    [
        ("![a](plot.png)", f"![a]({URI})"),
        ("![](PLOT.PNG)", f"![]({URI})"),
        ('![a](plot.png "Title")', f'![a]({URI} "Title")'),
        ("![a](  plot.png)", f"![a]({URI})"),
        ("![a](<plot.png>)", f"![a]({URI})"),
        ("![a](<my plot.png>)", f"![a]({URI})"),
        ("![a](my%20plot.png)", f"![a]({URI})"),
        ("![a](plot(1).png)", f"![a]({URI})"),
        ("![a](%C3%BC.png)", f"![a]({URI})"),
        ("![a](./deep/plot.png)", f"![a]({URI})"),
        ("![a](../beside.png)", f"![a]({URI})"),
        ("[![a](plot.png)](https://a.b)", f"[![a]({URI})](https://a.b)"),
        ("x ![a](plot.png) y ![b](plot.png) z", f"x ![a]({URI}) y ![b]({URI}) z"),
        ('<img src="plot.png">', f'<img src="{URI}">'),
        ("<IMG alt=a SRC = 'plot.png' width=5/>", f'<IMG alt=a SRC = "{URI}" width=5/>'),
        ("<img src=plot.png>", f'<img src="{URI}">'),
        ('<img src="my plot.png">', f'<img src="{URI}">'),
        ('<img\n  src="plot.png">', f'<img\n  src="{URI}">'),
        ('<img data-src="x.png" src="plot.png">', f'<img data-src="x.png" src="{URI}">'),
    ],
)
def test_pictures_are_put_into_the_text(folder: Path, text: str, inlined: str) -> None:
    assert inline_images(text, folder) == (inlined, [])


def test_every_kind_of_picture_is_known_on_every_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(mimetypes, "knownfiles", [])
        mimetypes.init()
        text, _ = inline_images("![](plot.webp)", folder)
    mimetypes.init()
    assert text.startswith("![](data:image/webp;base64,")


def test_a_picture_is_not_looked_up_by_a_whole_path(folder: Path) -> None:
    for path in (str(folder / "plot.png"), (folder / "plot.png").as_uri()):
        assert inline_images(f"![a]({path})", folder) == (f"![a]({NO_PICTURE})", [path])


@pytest.mark.parametrize(
    "text",
    [
        "![a](https://example.com/plot.png)",
        "![a](http://example.com/a(1).png)",
        "![a](//example.com/plot.png)",
        "![a](data:image/png;base64,aGk=)",
        "![a](#plot)",
        "[a](plot.png)",
        "![a] (plot.png)",
        f"![a]({NO_PICTURE})",
        '<img src="https://example.com/plot.png">',
        "<img src='data:image/png;base64,aGk='>",
        "<image src='plot.png'>",
        "no picture! [x] (y) <b>",
        "",
    ],
)
def test_other_text_is_left_alone(folder: Path, text: str) -> None:
    assert inline_images(text, folder) == (text, [])


@pytest.mark.parametrize(
    "path",
    [
        "gone.png",
        "notes.txt",
        "folder.png",
        "/etc/hostname.png",
        "file:///etc/plot.png",
        "C:/Users/author/plot.png",
        "../../gone/plot.png",
        "bad%00name.png",
        "long" * 100 + ".png",
        "no-suffix",
    ],
)
@pytest.mark.parametrize("form", ["![alt]({})", '<img src="{}">', "<img src='{}' alt=''>"])
def test_a_path_that_leads_nowhere_is_told_and_not_left_in_the_text(
    folder: Path, path: str, form: str
) -> None:
    text, missing = inline_images(form.format(path), folder)
    assert missing == [path]
    assert path not in text
    assert text.replace(NO_PICTURE, "") in {"![alt]()", '<img src="">', "<img src=\"\" alt=''>"}


def test_a_huge_picture_in_the_text_is_passed_over(folder: Path) -> None:
    text = f"![a](data:image/png;base64,{'A' * 5_000_000}) ![b](plot.png)"
    assert inline_images(text, folder)[0].endswith(f"![b]({URI})")


PARTS = [
    "![", "](", ")", "<", ">", "img src=", '"', "'", " ", "plot.png", "%00", "\n", "\\", "file:",
    "/",
]  # fmt: skip


@many
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3)))
def test_any_text_is_handled(folder: Path, parts: list[str]) -> None:
    text, missing = inline_images("".join(parts), folder)
    text.encode("utf-8", "replace")
    assert all(missing)
