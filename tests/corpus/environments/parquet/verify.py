"""What a viewer of the weather sees."""

from browsing import Viewer
from environments import pictures, step


def verify(seen: Viewer) -> None:
    seen.wait_for_text("8,760 hours, from -3.0 °C to 23.0 °C")
    seen.wait_for_text("53 points, each the mean of 7 days")
    assert pictures(seen) == 1
    step(seen)
    seen.wait_for_text("46 points, each the mean of 8 days")
    assert pictures(seen) == 1
