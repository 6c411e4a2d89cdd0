"""What a viewer of the tariffs sees."""

from browsing import Viewer
from environments import step


def verify(seen: Viewer) -> None:
    seen.wait_for_text("Caravan: 20.00 a metre")
    seen.wait_for_text("Boat of 4.5 m: 56.25")
    step(seen)
    seen.wait_for_text("Boat of 5.0 m: 62.50")
    seen.wait_for_text("Caravan of 5.0 m: 100.00")
