"""What a viewer of the opening hours sees."""

from browsing import Viewer


def verify(seen: Viewer) -> None:
    seen.wait_for_text("Open on 2 days a week")
    assert "│ Saturday │ 10:00  │ 14:00 │" in seen.text()
