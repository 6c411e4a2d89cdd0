"""Bar charts."""

import matplotlib.pyplot as plt


def draw(values: dict[str, int]) -> None:
    """Show one bar for each value."""
    _, ax = plt.subplots(figsize=(4, 2.5), layout="constrained")
    ax.bar(list(values), list(values.values()))
    ax.set_ylabel("mm")
    plt.show()
