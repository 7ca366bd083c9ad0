"""An Argo CronWorkflow: the territories of the dossier are asked of ctgeval, then each has its own step.

The steps come one after another: a dossier has one ledger, and one writer at a time. What a step for each territory
gives is its own limits, its own attempts and its own log.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ctgeval.report.schedule.kubernetes import ZONE, Cluster, container, literal, volumes
from ctgeval.report.schedule.task import Task, refuse

__all__ = ["write"]

_TERRITORY = "{{inputs.parameters.territoire}}"


def write(task: Task, cluster: Cluster) -> dict[str, str]:
    """Return the manifest, by the name of its file.

    Parameters
    ----------
    task : Task
        What to start, as seen in the container.
    cluster : Cluster
        Where.

    Raises
    ------
    ParameterError
        When a word of the command holds ``{{``, which Argo replaces and knows no way to write, or is not text.

    References
    ----------
    Argo Workflows, *Cron Workflows* (``schedules``: version 3.6 and after) and *Loops* (``withParam``).
    """
    refuse(task, ("{{", "}}"), "Argo")
    words = [literal(word) for word in task.words]
    listing = [*(word for word in words if word != "--executer"), "--lister-territoires"]
    asked = replace(task, words=tuple(listing))
    steps = [
        [{"name": "territoires", "template": "territoires"}],
        [
            {
                "name": "brouillons",
                "template": "brouillons",
                "arguments": {"parameters": [{"name": "territoire", "value": "{{item}}"}]},
                "withParam": "{{steps.territoires.outputs.result}}",
            }
        ],
    ]
    templates = [
        # The failure of a territory stops no other (failFast); the workflow fails nevertheless.
        {"name": "tout", "parallelism": 1, "failFast": False, "steps": steps},
        {"name": "territoires", "container": container("main", asked, cluster, listing)},
        {
            "name": "brouillons",
            "inputs": {"parameters": [{"name": "territoire"}]},
            "retryStrategy": {"limit": "1", "retryPolicy": "OnError"},
            "container": container("main", task, cluster, [*words, "--territoire", _TERRITORY]),
        },
    ]
    manifest = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": task.name, "labels": {"app.kubernetes.io/name": "ctgeval"}},
        "spec": {
            "schedules": [task.when.cron],
            "timezone": ZONE,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "workflowSpec": {"entrypoint": "tout", "volumes": volumes(cluster), "templates": templates},
        },
    }
    return {f"{task.name}.argo.json": json.dumps(manifest, indent=2) + "\n"}
