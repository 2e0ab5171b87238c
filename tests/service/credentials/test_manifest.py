"""Statements that are signed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from service.credentials.manifest import VERSION, manifest_definition
from tests.service.credential_chains import FACTS


def test_the_version_is_that_of_the_project() -> None:
    """It stands in every file."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == VERSION


def test_a_file_is_created_by_a_trained_algorithm_and_its_facts_are_stated() -> None:
    """Licence and credit also in the properties that the standard names."""
    definition = json.loads(manifest_definition(b"file", FACTS, "signer"))
    actions, facts, rights = definition["assertions"]

    assert definition["claim_generator_info"] == [{"name": "Progan", "version": VERSION}]
    assert [action["action"] for action in actions["data"]["actions"]] == ["c2pa.created"]
    assert actions["data"]["actions"][0]["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert facts["data"]["progan:model"] == FACTS["model"]
    assert facts["data"]["progan:seed"] == "7"
    assert rights["data"]["dc:creator"] == ["somebody who draws"]
    assert rights["data"]["xmpRights:WebStatement"].startswith("https://creativecommons.org/")


def test_without_licence_and_credit_no_rights_are_stated() -> None:
    """An empty statement would be one that they are unknown."""
    definition = json.loads(manifest_definition(b"file", {"seed": "7"}, "signer"))

    assert [each["label"] for each in definition["assertions"]] == [
        "c2pa.actions.v2",
        "progan.metadata",
    ]


def test_identifiers_follow_from_file_and_signer() -> None:
    """Two manifests with one identifier would be two versions of one."""
    first = manifest_definition(b"file", FACTS, "signer")

    labels = {
        json.loads(text)["label"]
        for text in (
            first,
            manifest_definition(b"another file", FACTS, "signer"),
            manifest_definition(b"file", FACTS, "another signer"),
        )
    }
    assert len(labels) == 3
    assert manifest_definition(b"file", dict(reversed(FACTS.items())), "signer") == first
