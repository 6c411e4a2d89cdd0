"""What a viewer of the sales sees."""

from browsing import Viewer
from environments import choose, pictures, rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("Best month of Leeds: January (2,100)")
    assert rows(seen)[-3:] == ["0 Leeds 5700", "1 Bristol 3300", "2 York 1700"]
    assert pictures(seen) == 1
    choose(seen, "York")
    seen.wait_for_text("Best month of York: February (800)")
