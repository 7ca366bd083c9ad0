"""A Kubernetes CronJob, written in JSON: every JSON is YAML, and JSON can't be read in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ctgeval.errors import ParameterError
from ctgeval.report.schedule.task import Task, refuse_controls

__all__ = ["ZONE", "Cluster", "container", "literal", "volumes", "write"]

ZONE = "Europe/Paris"
_DEADLINE = 12 * 3600
_IMAGE_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@")
_CLAIM_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where the command runs on a cluster.

    Parameters
    ----------
    image : str
        The container image in which ctgeval is installed.
    claim : str
        The PersistentVolumeClaim that holds the folder of the dossier and that of the reports.
    mount : str
        Where both are seen in the container.

    Raises
    ------
    ParameterError
        When the image or the claim has no possible name.
    """

    image: str
    claim: str
    mount: str = "/ctg"

    def __post_init__(self) -> None:
        if not self.image or not set(self.image) <= _IMAGE_SIGNS:
            raise ParameterError(
                "Il faut dire quelle image de conteneur contient ctgeval.",
                value=self.image[:200],
                remedy="Ajoutez par exemple « --image registre.exemple.fr/ctgeval:0.1.0 ».",
            )
        if not self.claim or not set(self.claim) <= _CLAIM_SIGNS or not (self.claim[0] + self.claim[-1]).isalnum():
            raise ParameterError(
                "Ce volume n’a pas un nom possible.",
                value=self.claim[:200],
                remedy="Donnez le nom du PersistentVolumeClaim : minuscules sans accent, chiffres et tirets.",
            )


def write(task: Task, cluster: Cluster) -> dict[str, str]:
    """Return the manifest of a CronJob, by the name of its file.

    Parameters
    ----------
    task : Task
        What to start, as seen in the container.
    cluster : Cluster
        Where.

    Raises
    ------
    ParameterError
        When a word of the command is not text.

    References
    ----------
    Kubernetes API, batch/v1 CronJob; *Define a Command and Arguments for a Container* (``$$`` is a dollar sign).
    """
    spec = {
        "restartPolicy": "Never",
        "containers": [container("ctgeval", task, cluster, [literal(word) for word in task.words])],
        "volumes": volumes(cluster),
    }
    job = {"backoffLimit": 1, "activeDeadlineSeconds": _DEADLINE, "template": {"spec": spec}}
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": task.name, "labels": {"app.kubernetes.io/name": "ctgeval"}},
        "spec": {
            "schedule": task.when.cron,
            "timeZone": ZONE,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        },
    }
    return {f"{task.name}.cronjob.json": json.dumps(manifest, indent=2) + "\n"}


def literal(word: str) -> str:
    """Return a word that Kubernetes does not take for a variable."""
    return word.replace("$", "$$")


def container(name: str, task: Task, cluster: Cluster, words: Iterable[str]) -> dict[str, Any]:
    """Return a container that runs a command; the addresses of summaries come from a secret, if there is one.

    Raises
    ------
    ParameterError
        When a word is not text.
    """
    for word in task.words:
        if not word.isascii() and any(0xD800 <= ord(sign) <= 0xDFFF for sign in word):
            refuse_controls(task, "Kubernetes")
    program, *arguments = words
    return {
        "name": name,
        "image": cluster.image,
        "command": [program],
        "args": arguments,
        "envFrom": [{"secretRef": {"name": f"{task.name}-avis", "optional": True}}],
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "ctg", "mountPath": cluster.mount}],
    }


def volumes(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the one volume of a pod."""
    return [{"name": "ctg", "persistentVolumeClaim": {"claimName": cluster.claim}}]
