"""What a viewer of the orders sees."""

from browsing import Viewer
from environments import pictures, rows


def verify(seen: Viewer) -> None:
    seen.wait_for_text("60 orders from 02 March to 30 April 2026")
    seen.wait_for_text("By product")
    assert rows(seen)[-3:] == ["Chair 80 6400.0", "Lamp 140 3570.0", "Table 20 6200.0"]
    assert pictures(seen) == 1
