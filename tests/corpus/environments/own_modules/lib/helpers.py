"""Words for the page."""


def litres(millimetres: int) -> str:
    """Rain as litres on a square metre."""
    return f"{millimetres} litres on each square metre"


def sentence(rain: dict[str, int]) -> str:
    """The first sentence of the page."""
    most = max(rain, key=rain.__getitem__)
    return f"Most of the rain fell in {most}: {litres(rain[most])}."
