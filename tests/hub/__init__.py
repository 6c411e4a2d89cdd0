"""A Hub over HTTP on loopback, for tests with the real ``huggingface_hub`` client."""

from .environment import CLIENT_ENV, client_env, prepare_process
from .faults import Cut, Delay, Fault, FaultRule, Faults, ForgetCommit, LoseAnswer, Refuse
from .git import Blob, blob_id
from .life import LogLine, Phase, SpaceLife, SpaceRuntimeState
from .log import LoggedRequest, RequestLog
from .server import HubServer
from .state import AppRequest, Commit, Org, Repo, Scope, Setting, Token, User
from .wire import Request, Response

__all__ = [
    "CLIENT_ENV",
    "AppRequest",
    "Blob",
    "Commit",
    "Cut",
    "Delay",
    "Fault",
    "FaultRule",
    "Faults",
    "ForgetCommit",
    "HubServer",
    "LogLine",
    "LoggedRequest",
    "LoseAnswer",
    "Org",
    "Phase",
    "Refuse",
    "Repo",
    "Request",
    "RequestLog",
    "Response",
    "Scope",
    "Setting",
    "SpaceLife",
    "SpaceRuntimeState",
    "Token",
    "User",
    "blob_id",
    "client_env",
    "prepare_process",
]
