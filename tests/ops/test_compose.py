"""docker-compose.yml: what it names exists, and nothing in it is open by default."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cluster_settings import ClusterSettings
from service.environment import read_settings, unknown_variables
from service.settings import Settings, variable_of

SERVERS = ("service", "service-gpu", "cache", "prometheus", "alertmanager", "grafana")
EVERYONE = (*SERVERS, "trainer")


def test_it_has_these_containers_and_profiles(compose: dict[str, Any]) -> None:
    """Monitoring starts with either service; the trainer only when asked for."""
    profiles = {name: container["profiles"] for name, container in compose["services"].items()}
    assert profiles == {
        "service": ["cpu"],
        "service-gpu": ["gpu"],
        "cache": ["cache"],
        "prometheus": ["cpu", "gpu"],
        "alertmanager": ["cpu", "gpu"],
        "grafana": ["cpu", "gpu"],
        "trainer": ["training"],
    }


@pytest.mark.parametrize("name", EVERYONE)
def test_a_container_has_no_right_it_does_not_need(compose: dict[str, Any], name: str) -> None:
    """Read-only root, no capability, no new privilege, and limits on all it can use up."""
    container = compose["services"][name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} <= container["deploy"]["resources"]["limits"].keys()
    assert container["logging"]["options"]["max-size"]
    assert "privileged" not in container


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_restarted_and_watched(compose: dict[str, Any], name: str) -> None:
    """Each has a health check and comes back after a crash."""
    container = compose["services"][name]
    assert container["restart"] == "unless-stopped"
    assert container["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVERS)
def test_ports_are_open_to_this_host_alone(compose: dict[str, Any], name: str) -> None:
    """A port without an address would be open to the whole network."""
    assert all(port.startswith("127.0.0.1:") for port in compose["services"][name]["ports"])


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    """An image from a registry names its exact version."""
    foreign = [c["image"] for c in compose["services"].values() if "build" not in c]
    assert len(foreign) == 3
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in foreign)


def test_files_it_mounts_and_builds_from_exist(compose: dict[str, Any], root: Path) -> None:
    """A missing file would be made as an empty folder by the engine."""
    named = [Path(c["build"]["dockerfile"]) for c in compose["services"].values() if "build" in c]
    for container in compose["services"].values():
        for volume in container.get("volumes", []):
            source = volume if isinstance(volume, str) else volume["source"]
            default = re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", source).partition(":")[0]
            if default.startswith("."):
                named.append(Path(default))
            else:
                assert default in compose["volumes"]
    assert len(named) == 13
    assert [path for path in named if not (root / path).exists()] == []


@pytest.mark.parametrize(("password", "code"), [("", 1), ("of-a-test", 127)])
def test_grafana_does_not_start_without_a_password(
    compose: dict[str, Any], password: str, code: int
) -> None:
    """An empty one would be its default; with one it goes on to Grafana's own start, not here."""
    shell, *arguments = compose["services"]["grafana"]["entrypoint"]
    arguments[-1] = arguments[-1].replace("$$", "$").replace("/run.sh", "/no/such/program")
    run = subprocess.run(
        [shell, *arguments],
        env={"PATH": os.environ["PATH"], "GF_SECURITY_ADMIN_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == code, run.stderr
    assert ("set it in .env" in run.stderr) is (not password)


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_the_service_knows_every_variable_it_is_given(compose: dict[str, Any], name: str) -> None:
    """A misspelt PROGAN_ variable would be ignored."""
    assert unknown_variables(compose["services"][name]["environment"]) == []


def test_every_setting_can_be_made_in_env(compose: dict[str, Any]) -> None:
    """But those that the container itself decides: where it listens, on what, where bundles lie."""
    decided = {"host", "port", "operations_port", "operations_host", "bundles", "device"}
    decided |= set(ClusterSettings.model_fields)  # one container is no cluster
    settings = {variable_of(name) for name in set(Settings.model_fields) - decided}
    given = compose["services"]["service"]["environment"]

    assert settings <= given.keys()
    assert [name for name in settings - {"PROGAN_THREADS"} if given[name] is not None] == []


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_draining_ends_before_the_engine_kills(compose: dict[str, Any], name: str) -> None:
    """Admitted requests get their whole time to finish."""
    grace = int(compose["services"][name]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["drain_limit_s"].default


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_own_models_are_served_beside_the_shipped_ones(compose: dict[str, Any], name: str) -> None:
    """From another folder, which is a volume until one is named."""
    container = compose["services"][name]
    folders = container["environment"]["PROGAN_BUNDLES"].split(":")
    shipped, own, credentials = container["volumes"]

    assert folders == [shipped["target"], own.split(":")[-2]]
    assert own.startswith("${OWN_BUNDLES:-own-bundles}:")
    assert credentials == "credentials:/app/data/credentials"  # the default folder, in /app


def test_prometheus_scrapes_either_service_by_one_name(compose: dict[str, Any]) -> None:
    """The GPU variant answers to the name of the other."""
    networks = compose["services"]["service-gpu"]["networks"]
    assert networks == {"default": {"aliases": ["service"]}}


def test_the_example_of_env_names_every_variable_without_a_secret(root: Path) -> None:
    """Each variable of the compose file that may be set is shown, and the password is empty."""
    text = (root / ".env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    asked = set(re.findall(r"\$\{(\w+)", (root / "docker-compose.yml").read_text(encoding="utf-8")))
    assert asked <= shown.keys()
    assert shown["GRAFANA_ADMIN_PASSWORD"] == ""
    ours = {name for name in shown if name.startswith("PROGAN_")}
    assert ours <= {variable_of(name) for name in Settings.model_fields}


def test_the_example_of_env_is_no_obstacle_to_the_service(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied as it is, it changes no setting; lines for Compose alone are passed over."""
    monkeypatch.chdir(root)
    assert read_settings({}, root / ".env.example") == (Settings(), [])


def composed(root: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What podman-compose makes of the file; a `podman` that knows its version is all it needs."""
    podman = folder / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.0.0\n")
    podman.chmod(0o755)
    command = [sys.executable, "-m", "podman_compose", "--podman-path", str(podman)]
    command += ["--file", str(root / "docker-compose.yml"), "--env-file", os.devnull]
    command += [
        part for name in ("cpu", "gpu", "cache", "training") for part in ("--profile", name)
    ]
    return subprocess.run(
        [*command, "config"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_real_reader_of_compose_files_resolves_it(
    root: Path, tmp_path: Path, compose: dict[str, Any]
) -> None:
    """Every container, with its variables filled in."""
    run = composed(root, tmp_path, GRAFANA_ADMIN_PASSWORD="of-a-test")

    assert run.returncode == 0, run.stderr
    resolved = yaml.safe_load(run.stdout)
    assert resolved["services"].keys() == compose["services"].keys()
    assert resolved["services"]["service"]["ports"] == ["127.0.0.1:8000:8000"]
    grafana = resolved["services"]["grafana"]["environment"]
    assert grafana["GF_SECURITY_ADMIN_PASSWORD"] == "of-a-test"


def test_the_file_resolves_without_a_password(root: Path, tmp_path: Path) -> None:
    """The trainer has no use for Grafana's."""
    run = composed(root, tmp_path)

    assert run.returncode == 0, run.stderr
    assert "trainer" in yaml.safe_load(run.stdout)["services"]
