"""Running the app elsewhere than on the Hub: files for Docker Compose and for Kubernetes.

Several copies of the app stand behind one address. A viewer's kernel lives in one of them, so a
cookie leads each viewer to the same copy again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from nb2space.errors import InputError
from nb2space.runtime import health
from nb2space.runtime.settings import PORT
from nb2space.seal import KEY_SECRET
from nb2space.shell import shell_word
from nb2space.space import STATIC, Manifest

COOKIE = "nb2space_copy"

# The first line of each file, by which an export knows those of the one before.
_HEAD = "# Made by nb2space.\n"

# Made for the author's eyes only, and never committed.
_SECRET_FILES = ("secrets.env", "secret.yaml")


@dataclass(frozen=True)
class Setup:
    """How the app is to run: `image` is its name, `copies` how many, `host` where viewers go.

    `folder` is the Space folder as Compose is to find it; `memory` is that of a copy, in GiB.
    """

    name: str
    image: str
    folder: str
    copies: int
    host: str
    memory: int


def app_name(manifest: Manifest) -> str:
    """A name for the app that DNS, Compose and Kubernetes allow (RFC 1035), from the notebook's."""
    stem = re.sub(r"[^a-z0-9]+", "-", manifest.notebook.removesuffix(".ipynb").lower()).strip("-")
    name = stem if stem[:1].isalpha() else f"app-{stem}"
    return name[:40].strip("-")


def refuse_static(manifest: Manifest) -> None:
    """Raise InputError for a page without a kernel, which needs nothing of this."""
    if manifest.form == STATIC:
        raise InputError(
            "A page without a kernel needs no container: any web server can serve its folder."
        )


def compose_files(setup: Setup, secrets: Mapping[str, str]) -> dict[str, bytes]:
    """compose.yaml, the front server's nginx.conf, and the secrets."""
    copies = [f"app-{number}" for number in range(1, setup.copies + 1)]
    app = {
        "image": setup.image,
        "build": {"context": setup.folder},
        "env_file": ["secrets.env"],
        "restart": "unless-stopped",
        "read_only": True,
        "tmpfs": ["/tmp"],
        "shm_size": "1gb",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": f"{setup.memory}g",
    }
    front = {
        "image": "nginx:1.28-alpine",
        "ports": ["8080:80"],
        "volumes": ["./nginx.conf:/etc/nginx/nginx.conf:ro"],
        "restart": "unless-stopped",
        # nginx looks its copies up when it starts.
        "depends_on": {copy: {"condition": "service_healthy", "restart": True} for copy in copies},
    }
    whole = {
        "name": setup.name,
        "services": {**{copy: app for copy in copies}, "front": front},
    }
    servers = [f"{copy}:{PORT}" for copy in copies]
    return {
        "compose.yaml": _yaml([whole]),
        "nginx.conf": front_server(servers, listen="80"),
        "secrets.env": (
            _HEAD + "".join(f"{k}={_quoted(v)}\n" for k, v in secrets.items())
        ).encode(),
        ".gitignore": f"{_HEAD}secrets.env\n".encode(),
    }


def front_server(servers: Iterable[str], *, listen: str) -> bytes:
    """The configuration of an nginx before these servers ("host:port"), listening at `listen`."""
    from jinja2 import Environment, StrictUndefined

    template = resources.files("nb2space.templates").joinpath("elsewhere", "nginx.conf.j2")
    jinja = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    text = jinja.from_string(template.read_text(encoding="utf-8"))
    return text.render(servers=list(servers), listen=listen, cookie=COOKIE).encode()


def kubernetes_files(setup: Setup, secrets: Mapping[str, str]) -> dict[str, bytes]:
    """app.yaml with Deployment, Service and Ingress, and secret.yaml that they refer to."""
    labels = {"app.kubernetes.io/name": setup.name, "app.kubernetes.io/managed-by": "nb2space"}
    select = {"app.kubernetes.io/name": setup.name}
    meta = {"name": setup.name, "labels": labels}
    probe = {"httpGet": {"path": health.PATH, "port": "http"}, "timeoutSeconds": 5}
    container = {
        "name": "app",
        "image": setup.image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "envFrom": [{"secretRef": {"name": setup.name}}],
        # The app has the time to start that a Space has: 30 minutes.
        "startupProbe": {**probe, "periodSeconds": 10, "failureThreshold": 180},
        "readinessProbe": {**probe, "periodSeconds": 10},
        "livenessProbe": {
            "tcpSocket": {"port": "http"}, "periodSeconds": 30, "failureThreshold": 4,
        },
        "resources": {
            "requests": {"cpu": "500m", "memory": f"{max(1, setup.memory // 2)}Gi"},
            "limits": {"cpu": "2", "memory": f"{setup.memory}Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "memory", "mountPath": "/dev/shm"},
        ],
    }  # fmt: skip
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": setup.copies,
            "selector": {"matchLabels": select},
            # The copies of the version before serve until a new one is ready.
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "automountServiceAccountToken": False,
                    "securityContext": {
                        "runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                    "volumes": [
                        {"name": "tmp", "emptyDir": {}},
                        # The unsealed code is kept in memory only.
                        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
                    ],
                },
            },
        },
    }  # fmt: skip
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {"selector": select, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }
    backend = {"service": {"name": setup.name, "port": {"name": "http"}}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            **meta,
            # kubernetes.github.io/ingress-nginx/examples/affinity/cookie
            "annotations": {
                "nginx.ingress.kubernetes.io/affinity": "cookie",
                "nginx.ingress.kubernetes.io/affinity-mode": "persistent",
                "nginx.ingress.kubernetes.io/session-cookie-name": COOKIE,
                "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
                "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
            },
        },
        "spec": {
            "ingressClassName": "nginx",
            "rules": [
                {
                    "host": setup.host,
                    "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
                }
            ],
        },
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta,
        "stringData": dict(secrets),
    }
    return {
        "app.yaml": _yaml([deployment, service, ingress]),
        "secret.yaml": _yaml([secret]),
        ".gitignore": f"{_HEAD}secret.yaml\n".encode(),
    }


FORMATS: dict[str, Callable[[Setup, Mapping[str, str]], dict[str, bytes]]] = {
    "compose": compose_files,
    "kubernetes": kubernetes_files,
}
"""What can be exported, and what makes its files."""


def next_steps(kind: str, setup: Setup, output: Path) -> list[str]:
    """The commands that start what was written."""
    if kind == "compose":
        return [
            f"Start it: docker compose -f {shell_word(output / 'compose.yaml')} up --build",
            "Then open: http://localhost:8080/",
        ]
    return [
        f"Build and push the image: docker build -t {setup.image} "
        f"{shell_word(output / setup.folder)}",
        f"Start it: kubectl apply -f {shell_word(output)}",
        f"Then open: http://{setup.host}/",
    ]


def secrets_for(key: str, values: Mapping[str, str]) -> dict[str, str]:
    """The environment that the app needs: its key, and the values of the notebook's secrets."""
    return {KEY_SECRET: key, **values}


def write_export(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files; those with secrets are readable by their owner only.

    Raises InputError when `folder` is a Space folder, which others may read, when a file of someone
    else's would be lost, or when it cannot be written.
    """
    if (folder / "nb2space.json").exists():
        raise InputError(
            f"{folder} is a Space folder, whose files are published. Name another with -o."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder / name for name in files):
            if path.exists() and not path.read_bytes().startswith(_HEAD.encode()):
                raise InputError(
                    f"{path} was not made by nb2space and would be lost. Name another folder with "
                    "-o."
                )
        for name, content in files.items():
            mode = 0o600 if name in _SECRET_FILES else 0o644
            path = folder / name
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}. Name another folder with -o."
        ) from None


class _Plain(yaml.SafeDumper):
    """Writes what is the same in two places twice, rather than as a reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(documents: list[dict[str, Any]]) -> bytes:
    text = yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
    return (_HEAD + text).encode()


def _quoted(value: str) -> str:
    # As Compose reads it: docs.docker.com/reference/compose-file/services, "env_file"
    if re.fullmatch(r"[A-Za-z0-9_=.:/+-]*", value):
        return value
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")
