"""The manifests of a cluster: their shape, and a command that nothing replaces on the way."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given

from ctgeval.errors import ParameterError
from ctgeval.report.schedule import argo, kubernetes
from ctgeval.report.schedule.kubernetes import Cluster
from ctgeval.report.schedule.task import Task
from tests.report.schedule.conftest import Make
from tests.report.schedule.hostile import NAMES, WORDS

CLUSTER = Cluster(image="registre.exemple.fr/ctgeval:0.1.0", claim="ctg-donnees")


def expanded(word: str) -> str:
    """Give back a word as Kubernetes does: ``$$`` is a dollar sign, ``$(NAME)`` a variable."""
    assert not re.search(r"(?<!\$)(\$\$)*\$\(", word), "a variable"
    return word.replace("$$", "$")


def command(container: dict[str, Any]) -> list[str]:
    assert container["image"] == CLUSTER.image
    assert container["resources"]["limits"]["memory"]
    (mount,) = container["volumeMounts"]
    assert mount == {"name": "ctg", "mountPath": "/ctg"}
    return [expanded(word) for word in (*container["command"], *container["args"])]


def check_job(task: Task) -> None:
    ((file, text),) = kubernetes.write(task, CLUSTER).items()
    assert text.isascii()
    told = json.loads(text)
    assert file == f"{task.name}.cronjob.json"
    assert (told["apiVersion"], told["kind"], told["spec"]["concurrencyPolicy"]) == ("batch/v1", "CronJob", "Forbid")
    assert (told["spec"]["schedule"], told["spec"]["timeZone"]) == ("30 5 * * 1", "Europe/Paris")
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])", told["metadata"]["name"])
    pod = told["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["volumes"] == [{"name": "ctg", "persistentVolumeClaim": {"claimName": "ctg-donnees"}}]
    (container,) = pod["containers"]
    assert command(container) == list(task.words)


def check_workflow(task: Task) -> None:
    ((file, text),) = argo.write(task, CLUSTER).items()
    assert text.isascii()
    told = json.loads(text)
    assert file == f"{task.name}.argo.json"
    assert (told["apiVersion"], told["kind"]) == ("argoproj.io/v1alpha1", "CronWorkflow")
    assert told["spec"]["schedules"] == ["30 5 * * 1"]
    templates = {one["name"]: one for one in told["spec"]["workflowSpec"]["templates"]}
    whole = templates[told["spec"]["workflowSpec"]["entrypoint"]]
    assert whole["parallelism"] == 1, "a dossier has one writer at a time"
    (listing,), (drafts,) = whole["steps"]
    assert drafts["withParam"] == "{{steps." + listing["name"] + ".outputs.result}}"
    assert {templates[step["template"]]["name"] for step in (listing, drafts)} == {"territoires", "brouillons"}
    assert command(templates["territoires"]["container"])[-1] == "--lister-territoires"
    assert "--executer" not in command(templates["territoires"]["container"])
    made = command(templates["brouillons"]["container"])
    assert made == [*task.words, "--territoire", "{{inputs.parameters.territoire}}"]
    tags = re.findall(r"\{\{.*?\}\}", text)
    assert sorted(tags) == sorted(
        ["{{item}}", "{{steps.territoires.outputs.result}}", "{{inputs.parameters.territoire}}"]
    )


def check(make: Make, name: str) -> None:
    task = make(name)
    if re.search(r"[\ud800-\udfff]", name):
        for write in (kubernetes.write, argo.write):
            with pytest.raises(ParameterError):
                write(task, CLUSTER)
        return
    check_job(task)
    if "{{" in name or "}}" in name:
        with pytest.raises(ParameterError, match="Argo"):
            argo.write(task, CLUSTER)
    else:
        check_workflow(task)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, name)


@given(WORDS)
def test_any_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, "/srv/" + name)


@pytest.mark.parametrize("image", ["", "a b", 'a"', "a\nb", "{{item}}", "$(X)"])
def test_an_image_that_is_none_is_refused(image: str) -> None:
    with pytest.raises(ParameterError, match="image"):
        Cluster(image=image, claim="ctg")


@pytest.mark.parametrize("claim", ["", "Majuscule", "a b", "-a", "a-", "é"])
def test_a_volume_that_is_none_is_refused(claim: str) -> None:
    with pytest.raises(ParameterError, match="volume"):
        Cluster(image="a", claim=claim)
