"""What a viewer of the meters sees."""

from browsing import Viewer
from environments import rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("5 readings of 2 meters")
    seen.wait_for_text("Means: A 12.0, B 6.0")
    seen.wait_for_text("2 of 5 are above the mean of their meter")
    assert rows(seen)[-5:] == [
        "0 A 10 False",
        "1 A 14 True",
        "2 B 3 False",
        "3 B 9 True",
        "4 B 6 False",
    ]
