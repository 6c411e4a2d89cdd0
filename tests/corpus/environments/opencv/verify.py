"""What a viewer of the tray sees."""

from browsing import Viewer
from environments import pictures, step


def verify(seen: Viewer) -> None:
    seen.wait_for_text("The picture has 360 by 240 points.")
    seen.wait_for_text("Tablets found: 5")
    assert pictures(seen) == 1
    step(seen)
    seen.wait_for_text("Tablets found: 3")
    assert pictures(seen) == 1
