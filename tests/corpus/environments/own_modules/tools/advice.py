"""What to take along."""


def for_rain(millimetres: int) -> str:
    """A piece of advice for this much rain."""
    return "take an umbrella" if millimetres > 400 else "a hat will do"
