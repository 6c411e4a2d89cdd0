"""What will be tight in a Space: memory for viewers, the time to start, the image's size."""

from __future__ import annotations

from nb2space.environment import Environment
from nb2space.execute import Executed

# Memory in bytes by hardware: huggingface.co/docs/hub/spaces-gpus#hardware-specs
_MEMORY = {
    "cpu-basic": 16e9, "cpu-upgrade": 32e9, "t4-small": 15e9, "t4-medium": 30e9, "l4x1": 30e9,
    "l4x4": 186e9, "l40sx1": 62e9, "l40sx4": 382e9, "l40sx8": 1534e9, "a10g-small": 15e9,
    "a10g-large": 46e9, "a10g-largex2": 92e9, "a10g-largex4": 184e9, "a100-large": 142e9,
}  # fmt: skip
_BASIC = "cpu-basic"
_FEW_VIEWERS = 10
# What the system and the server leave for kernels.
_SHARE = 0.8
# An image of this size takes minutes to build and to start.
_LARGE_IMAGE = 2e9
# huggingface.co/docs/hub/spaces-config-reference, startup_duration_timeout
_START_SECONDS = 30 * 60
# Bytes a second at which pip puts packages into an image, or an image is fetched; on two cores.
_INSTALLED_A_SECOND = 20e6


def fit_notices(executed: Executed, hardware: str) -> tuple[str, ...]:
    """Sentences about what fits, and about what will be tight."""
    environment = executed.environment
    return (
        *_viewers(environment, hardware or _BASIC),
        *_start(executed),
        *_size(environment),
    )


def _viewers(environment: Environment, hardware: str) -> list[str]:
    if not environment.peak_memory:
        return []
    memory = _MEMORY.get(hardware)
    takes = f"A viewer's kernel takes up to {environment.peak_memory / 1e9:.1f} GB"
    if memory is None:
        return [
            f"{takes}; how much memory {hardware} has is not known here, nor how many viewers fit."
        ]
    viewers = int(memory * _SHARE / environment.peak_memory)
    fit = f"{viewers or 'no'} viewer{'' if viewers == 1 else 's'} at once"
    if viewers >= _FEW_VIEWERS:
        return [f"{takes}, so at least {fit} fit into the {memory / 1e9:.0f} GB of {hardware}."]
    return [
        f"{takes}, so {fit} fit into the {memory / 1e9:.0f} GB of {hardware} for certain. Load "
        "less, or choose larger hardware with --hardware."
    ]


def _start(executed: Executed) -> list[str]:
    """A sentence when fetching the packages and running the cells may take too long.

    Counted are the seconds of all cells in this run, and the packages' bytes.
    """
    fetching = sum(executed.environment.sizes.values()) / _INSTALLED_A_SECOND
    if fetching + executed.seconds <= _START_SECONDS:
        return []
    return [
        f"Fetching the packages (about {fetching / 60:.0f} min) and running the cells (about "
        f"{executed.seconds / 60:.0f} min) take longer than the 30 minutes that a Space has to "
        "start. Keep what takes long in a file that the notebook reads."
    ]


def _size(environment: Environment) -> list[str]:
    size = sum(environment.sizes.values())
    if size <= _LARGE_IMAGE:
        return []
    largest = sorted(environment.sizes, key=lambda name: -environment.sizes[name])[:3]
    return [
        f"The packages take about {size / 1e9:.1f} GB ({', '.join(largest)}), so building and "
        "starting the Space takes minutes."
    ]
