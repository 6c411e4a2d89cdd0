"""The life of a Space: what its runtime shows, poll after poll, after something changed.

``HfApi.get_space_runtime`` reads the JSON made by ``SpaceRuntimeState.json``, and
``HfApi.wait_for_space`` polls it until the stage is none of ``INTERMEDIATE_SPACE_STAGES`` (so a
wait started too early ends at once on the previous state: this module can show exactly that).

``sha`` in the runtime is the commit the shown container was built from. The client neither
documents nor reads it; it is in ``SpaceRuntime.raw``. Observed on the real Hub: RUNNING_BUILDING
and RUNNING_APP_STARTING still show the previous commit while the new one builds and starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

Outcome = Literal["RUNNING", "BUILD_ERROR", "RUNTIME_ERROR", "CONFIG_ERROR"]

SERVING_STAGES = frozenset({"RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING"})


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(timezone.utc)


def timestamp(moment: datetime) -> str:
    """A time as the Hub writes it (``huggingface_hub.utils.parse_datetime``)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass
class SpaceLife:
    """How a docker Space goes on after a commit, a secret or a restart. Counted in polls.

    A poll is one GET of ``/api/spaces/<id>/runtime``; the info of the repo shows the runtime
    without advancing it.
    """

    stale_polls: int = 1
    """Polls that still show the state from before the change: for example RUNNING, old sha."""
    building_polls: int = 1
    starting_polls: int = 1
    outcome: Outcome = "RUNNING"
    rolling: bool = False
    """Whether a running container goes on serving, as RUNNING_BUILDING and
    RUNNING_APP_STARTING with its own sha, while the next one is built and started."""
    error_message: str | None = None
    """``errorMessage`` of the runtime for an outcome that is an error; None for a usual one."""
    build_log: Sequence[str] = ("--> FROM docker.io/library/python:3.11", "--> COPY . .")
    run_log: Sequence[str] = ("Listening on 0.0.0.0:7860",)
    error_shows_new_sha: bool = True
    """Whether a failed outcome has the failed commit as its sha, or that of the last container
    (the real Hub's choice is not known; code should cope with both)."""

    def error_sha(self, before: str | None, after: str) -> str | None:
        """The sha that a failed outcome shows."""
        return after if self.error_shows_new_sha else before


@dataclass(frozen=True)
class LogLine:
    """One event of ``/logs/build`` or ``/logs/run``."""

    text: str
    moment: datetime


@dataclass(frozen=True)
class Phase:
    """A state of the runtime, and for how many polls it is shown (None: until a change)."""

    stage: str
    sha: str | None
    polls: int | None = None
    error_message: str | None = None
    build_log: tuple[str, ...] | None = None
    run_log: tuple[str, ...] | None = None


_USUAL_ERRORS: dict[str, str] = {
    "BUILD_ERROR": "Job failed with exit code: 1. Reason: cache miss: [2/2] COPY . .",
    "RUNTIME_ERROR": "Exit code: 1. Reason: application does not seem to be initialized",
    "CONFIG_ERROR": "Missing configuration in README",
}


@dataclass
class SpaceRuntimeState:
    """The runtime of one Space: the phase shown now, those to come, and the logs."""

    hardware: str = "cpu-basic"
    requested_hardware: str = "cpu-basic"
    sleep_time: int | None = 172800
    storage: str | None = None
    dev_mode: bool = False
    phases: list[Phase] = field(default_factory=lambda: [Phase("NO_APP_FILE", None)])
    build_log: list[LogLine] = field(default_factory=list)
    run_log: list[LogLine] = field(default_factory=list)
    polls: int = 0
    """How often the runtime was read."""
    history: list[tuple[str, str | None]] = field(default_factory=list)
    """Every (stage, sha) that a poll has shown, in order and without repetition."""
    _shown: int = 0

    @property
    def phase(self) -> Phase:
        """The phase shown now."""
        return self.phases[0]

    @property
    def stage(self) -> str:
        """The stage shown now."""
        return self.phase.stage

    @property
    def sha(self) -> str | None:
        """The commit of the container shown now."""
        return self.phase.sha

    @property
    def serving(self) -> bool:
        """Whether a container answers at the Space's host."""
        return self.stage in SERVING_STAGES

    def poll(self) -> Phase:
        """The phase to show for one more poll; leaves it when its polls are used up."""
        self.polls += 1
        while self.phase.polls is not None and self._shown >= self.phase.polls:
            self._advance()
        self._shown += 1
        shown = (self.stage, self.sha)
        if not self.history or self.history[-1] != shown:
            self.history.append(shown)
        return self.phase

    def settle(self) -> None:
        """Go to the last planned phase at once, without any polls."""
        while len(self.phases) > 1:
            self._advance()

    def set(self, stage: str, sha: str | None = None, error_message: str | None = None) -> None:
        """Show this stage until something changes (for SLEEPING, STOPPED, DELETING ...)."""
        self.plan([Phase(stage, sha, None, error_message)], stale_polls=0)

    def plan(self, phases: Sequence[Phase], stale_polls: int) -> None:
        """Show the present phase for ``stale_polls`` more polls, then the given ones."""
        before = self.phase
        stale = [Phase(before.stage, before.sha, stale_polls, before.error_message)]
        self.phases = [*(stale if stale_polls else []), *phases]
        self._shown = 0
        if not stale_polls:
            self._enter()

    def _advance(self) -> None:
        self.phases.pop(0)
        self._shown = 0
        self._enter()

    def _enter(self) -> None:
        moment = now()
        if self.phase.build_log is not None:
            self.build_log = [LogLine(text, moment) for text in self.phase.build_log]
        if self.phase.run_log is not None:
            self.run_log = [LogLine(text, moment) for text in self.phase.run_log]
        if self.stage == "RUNNING":
            self.hardware = self.requested_hardware

    def json(self, host: str) -> dict[str, Any]:
        """The runtime as ``SpaceRuntime.__init__`` reads it, with the raw fields around it."""
        running = 1 if self.serving else 0
        first_build = self.stage in ("NO_APP_FILE", "BUILDING") and self.sha is None
        answer: dict[str, Any] = {
            "stage": self.stage,
            "hardware": {
                # The client documents None while a Space is built for the first time.
                "current": None if first_build else self.hardware,
                "requested": self.requested_hardware,
            },
            "storage": self.storage,
            "gcTimeout": self.sleep_time,
            "replicas": {"current": running, "requested": 1},
            "devMode": self.dev_mode,
            "domains": [{"domain": host.split("//")[-1], "stage": "READY"}],
        }
        if self.sha is not None:
            answer["sha"] = self.sha
        if self.phase.error_message is not None:
            answer["errorMessage"] = self.phase.error_message
        return answer


def build_plan(life: SpaceLife, before: SpaceRuntimeState, sha: str) -> list[Phase]:
    """The phases after a commit: build the image, start the container, serve or fail."""
    if life.outcome == "CONFIG_ERROR":
        return [error_phase("CONFIG_ERROR", life.error_sha(before.sha, sha), life.error_message)]
    build_log = (f"===== Build Queued at {now():%Y-%m-%d %H:%M:%S} =====", *life.build_log)
    rolls = life.rolling and before.serving
    building = Phase(
        "RUNNING_BUILDING" if rolls else "BUILDING",
        before.sha,
        life.building_polls,
        build_log=build_log,
    )
    if life.outcome == "BUILD_ERROR":
        failed = life.error_sha(before.sha, sha)
        return [building, error_phase("BUILD_ERROR", failed, life.error_message)]
    return [building, *start_plan(life, before, sha)]


def start_plan(life: SpaceLife, before: SpaceRuntimeState, sha: str) -> list[Phase]:
    """The phases after a restart without a build, as after a change of secrets."""
    run_log = (f"===== Application Startup at {now():%Y-%m-%d %H:%M:%S} =====", *life.run_log)
    rolls = life.rolling and before.serving
    starting = Phase(
        "RUNNING_APP_STARTING" if rolls else "APP_STARTING",
        before.sha if rolls else sha,
        life.starting_polls,
        run_log=run_log,
    )
    if life.outcome in ("RUNTIME_ERROR", "CONFIG_ERROR"):
        failed = life.error_sha(before.sha, sha)
        return [starting, error_phase(life.outcome, failed, life.error_message)]
    return [starting, Phase("RUNNING", sha)]


def error_phase(stage: str, sha: str | None, message: str | None = None) -> Phase:
    """A final phase that is an error, with the Hub's usual words unless others are given."""
    return Phase(stage, sha, None, message or _USUAL_ERRORS[stage])
