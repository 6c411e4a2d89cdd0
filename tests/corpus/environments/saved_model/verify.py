"""What a viewer of the model sees."""

from browsing import Viewer
from environments import step


def verify(seen: Viewer) -> None:
    seen.wait_for_text("The model asks for: area, rooms")
    seen.wait_for_text("Estimated price: €215,000")
    step(seen, slider=0)
    seen.wait_for_text("Estimated price: €225,000")
    step(seen, slider=1)
    seen.wait_for_text("Estimated price: €230,000")
