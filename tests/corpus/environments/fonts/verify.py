"""What a viewer of the cities sees."""

from browsing import Viewer
from environments import picture_sources, pictures, rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("Huruf untuk aksara Asia: Noto Sans CJK JP")
    assert rows(seen)[-4:] == [
        "0 Tokyo 東京 14.0",
        "1 Seoul 서울 9.4",
        "2 Beijing 北京 21.9",
        "3 Jakarta Jakarta 10.6",
    ]
    assert pictures(seen) == 5
    plates = picture_sources(seen)[1:]
    assert len(set(plates)) == 4, "without the font, each sign is the same empty box"
