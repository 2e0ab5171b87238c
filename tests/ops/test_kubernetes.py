"""The manifest for KubeRay: its fields, its Serve configuration and its variables."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from service.environment import read_settings, unknown_variables

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "docker" / "kubernetes" / "rayservice.yaml"


class Strict(BaseModel):
    """The fields of KubeRay's `ray.io/v1` and of Kubernetes that the manifest uses, and no others.

    `headGroupSpec`, `groupName`, `minReplicas`, `maxReplicas`, `rayStartParams` and `template` are
    the required ones of the custom resource.
    """

    model_config = ConfigDict(extra="forbid", strict=True)


Quantity = Annotated[str, Field(pattern=r"^[0-9]+(m|Mi|Gi)?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]


class Variable(Strict):
    """One variable of a container; Kubernetes takes text alone."""

    name: str
    value: str


class Mount(Strict):
    """A volume in a container."""

    name: Name
    mountPath: str  # noqa: N815 - as Kubernetes names it
    readOnly: bool  # noqa: N815


class Resources(Strict):
    """Limits and requests."""

    limits: dict[str, Quantity]
    requests: dict[str, Quantity]


class Container(Strict):
    """A container of a pod."""

    name: Name
    image: str
    env: list[Variable]
    resources: Resources
    volumeMounts: list[Mount]  # noqa: N815


class Volume(Strict):
    """A volume of a pod."""

    name: Name
    secret: dict[Literal["secretName"], Name] | None = None
    persistentVolumeClaim: dict[Literal["claimName", "readOnly"], Any] | None = None  # noqa: N815


class PodSpec(Strict):
    """A pod."""

    containers: list[Container]
    volumes: list[Volume]


class Template(Strict):
    """The template of a pod."""

    spec: PodSpec


class Head(Strict):
    """The head group."""

    rayStartParams: dict[str, str]  # noqa: N815
    template: Template


class Workers(Head):
    """A worker group."""

    groupName: Name  # noqa: N815
    replicas: int
    minReplicas: int  # noqa: N815
    maxReplicas: int  # noqa: N815


class Cluster(Strict):
    """The Ray cluster."""

    rayVersion: str  # noqa: N815
    enableInTreeAutoscaling: bool  # noqa: N815
    headGroupSpec: Head  # noqa: N815
    workerGroupSpecs: list[Workers]  # noqa: N815


class Spec(Strict):
    """What is wanted."""

    upgradeStrategy: dict[Literal["type"], Literal["NewCluster", "None"]]  # noqa: N815
    serveConfigV2: str  # noqa: N815
    rayClusterConfig: Cluster  # noqa: N815


class RayService(Strict):
    """The custom resource."""

    apiVersion: Literal["ray.io/v1"]  # noqa: N815
    kind: Literal["RayService"]
    metadata: dict[Literal["name"], Name]
    spec: Spec


@pytest.fixture
def manifest() -> RayService:
    """The manifest, checked."""
    return RayService.model_validate(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")))


def test_the_versions_of_manifest_and_image_are_one(manifest: RayService) -> None:
    """Ray refuses a driver of another version."""
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert f"ray=={manifest.spec.rayClusterConfig.rayVersion}" in pins


def test_every_container_has_the_same_settings_and_all_are_known(manifest: RayService) -> None:
    """The head builds the application, the workers run it; a misspelt variable has no effect."""
    cluster = manifest.spec.rayClusterConfig
    groups = [cluster.headGroupSpec, *cluster.workerGroupSpecs]
    given = [
        {variable.name: variable.value for variable in container.env}
        for group in groups
        for container in group.template.spec.containers
    ]

    assert all(each == given[0] for each in given)
    assert unknown_variables(given[0]) == []
    variables = {n: v for n, v in given[0].items() if n != "PROGAN_BUNDLES"}  # not on this machine
    settings, warnings = read_settings(variables)
    assert warnings == []
    workers = cluster.workerGroupSpecs[0]
    assert settings.max_replicas == workers.maxReplicas
    limits = workers.template.spec.containers[0].resources.limits
    assert int(limits["cpu"]) >= settings.replica_cpus


def test_mounts_are_volumes(manifest: RayService) -> None:
    """A pod whose volume is missing never starts."""
    cluster = manifest.spec.rayClusterConfig
    for group in (cluster.headGroupSpec, *cluster.workerGroupSpecs):
        pod = group.template.spec
        volumes = {volume.name for volume in pod.volumes}
        assert {m.name for c in pod.containers for m in c.volumeMounts} == volumes


def test_ray_takes_the_serve_configuration(manifest: RayService) -> None:
    """By Ray's own schema; and what it imports is there."""
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    from ray.serve.schema import ServeDeploySchema  # noqa: PLC0415 - not in every installation

    config = ServeDeploySchema.model_validate(yaml.safe_load(manifest.spec.serveConfigV2))

    (application,) = config.applications
    module, _, name = application.import_path.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert application.args == {}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("minReplicas: 1", "minReplicas: one"), ("kind: RayService", "kind: RayServe")],
)
def test_a_mistake_is_found(right: str, wrong: str) -> None:
    """This check is one that can fail."""
    text = MANIFEST.read_text(encoding="utf-8")
    assert right in text
    with pytest.raises(ValueError, match="validation error"):
        RayService.model_validate(yaml.safe_load(text.replace(right, wrong)))
