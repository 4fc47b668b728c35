"""One set of requirements, told three times: pyproject.toml, requirements.lock, environment.yml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"duckdb": "python-duckdb", "ibis-framework[duckdb]": "ibis-duckdb", "pandera[ibis]": "pandera",
               "tzdata": "python-tzdata", "matplotlib": "matplotlib-base"}  # fmt: skip

PIP_ONLY = {"fontpkg-noto-sans", "fontpkg-noto-sans-arabic", "fontpkg-noto-sans-devanagari", "fontpkg-noto-sans-thai",
            "noto-cjk-sans-otc", "sqlglotc"}  # fmt: skip
"""Not packaged for conda: `-e .` brings them."""


def name_and_version(requirement: str) -> tuple[str, str]:
    name, version = re.fullmatch(r"([A-Za-z0-9_.\-]+(?:\[[a-z,]+\])?)(.*)", requirement).groups()
    return name, version


def test_environment_yml_holds_the_same_set():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    expected = {CONDA_NAMES.get(name, name) + version for name, version in map(name_and_version, PROJECT["dependencies"])
                if name not in PIP_ONLY}  # fmt: skip
    expected |= {"pip", "python" + PROJECT["requires-python"]}
    assert set(conda) == expected
    assert pip == {"pip": ["-e ."]}


def test_the_compiled_sqlglot_is_of_the_version_that_it_stands_for():
    pins = dict(map(name_and_version, PROJECT["dependencies"]))
    assert pins["sqlglotc"] == pins["sqlglot"]


def test_the_lock_holds_every_direct_requirement():
    locked = {line.split("==")[0].strip() for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = {name_and_version(entry)[0].split("[")[0] for entry in PROJECT["dependencies"] + groups["test"]}
    assert wanted <= locked


def test_the_engines_lock_adds_to_the_lock_and_changes_nothing_in_it():
    locked, added = (
        dict(line.split(" ;")[0].strip().split("==") for line in (ROOT / name).read_text().splitlines() if "==" in line)
        for name in ("requirements.lock", "requirements-engines.lock")
    )
    extras = PROJECT["optional-dependencies"]
    assert {name_and_version(entry)[0].split("[")[0] for entry in extras["postgres"] + extras["spark"] + extras["s3"]} <= set(added)
    # a package that the lock has for other systems alone is in both, at one version
    assert not [name for name in added if name in locked and locked[name] != added[name]]


def test_no_lock_names_a_host():
    for name in ("requirements.lock", "requirements-engines.lock", "environment.yml", "pyproject.toml"):
        assert "://" not in (ROOT / name).read_text(), name
