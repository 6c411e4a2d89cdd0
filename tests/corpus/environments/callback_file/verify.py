"""What a viewer of the harbours sees."""

from browsing import Viewer
from environments import choose, rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("North harbour: 42 ships in 3 weeks")
    assert rows(seen)[-3:] == ["0 1 14", "1 2 17", "2 3 11"]
    choose(seen, "South harbour")
    seen.wait_for_text("South harbour: 59 ships in 2 weeks")
    assert rows(seen)[-2:] == ["0 1 31", "1 2 28"]
