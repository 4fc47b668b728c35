"""What docs/deploy.md tells people to copy: it parses, and every command and option in it exists."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from labelqa_lib.cli import commands

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def told_commands() -> list[list[str]]:
    """Every `labelqa …` of the document as words, up to whatever a shell would begin another command with."""
    found = re.findall(r"\blabelqa ((?:load|ingest|check|run|publish|draw|mail|key|actions|list|demo)\b[^`\n>&|;#]*)", TEXT)
    found += ["run " + " ".join(part["args"][1:]) for part in containers() if part["args"][0] == "run"]
    return [shlex.split(re.sub(r'["\'{}]+$', "", one.strip().rstrip("\"',.:)"))) for one in found]


def jobs() -> list[dict]:
    return [job for text in blocks("yaml") for job in yaml.safe_load_all(text)]


def containers() -> list[dict]:
    return [part for job in jobs() for part in job["spec"]["template"]["spec"]["containers"]]


def test_the_document_has_commands_of_every_kind():
    assert len(told_commands()) > 15 and {words[0] for words in told_commands()} >= {"run", "ingest", "publish", "key", "check"}


@pytest.mark.parametrize("words", told_commands(), ids=" ".join)
def test_every_command_and_option_exists(words):
    command = commands.commands[words[0]]
    known = {name: option for option in command.params if isinstance(option, click.Option) for name in option.opts}
    for word in words[1:]:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"`labelqa {' '.join(words)}`: there is no {word}"


def test_the_dag_is_python_that_maps_over_the_markets_of_the_current_snapshot():
    (code,) = blocks("python")
    tree = ast.parse(code)
    compile(tree, "dag", "exec")
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert {"pages.expand", "dag", "task.bash", "labelqa_week"} <= calls


def test_the_jobs_are_valid_and_fit_each_other():
    markets, index = jobs()
    assert {job["kind"] for job in (markets, index)} == {"Job"} and markets["apiVersion"] == "batch/v1"
    spec = markets["spec"]
    assert spec["completionMode"] == "Indexed"
    (part,) = spec["template"]["spec"]["containers"]
    assert len(part["env"][0]["value"].split()) == spec["completions"] >= spec["parallelism"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never", "podFailurePolicy asks for it"
    for job in (markets, index):
        pod = job["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for part in pod["containers"] for mount in part["volumeMounts"]} <= volumes


def test_the_schedule_has_five_fields_and_a_command():
    (table,) = blocks("cron")
    entries = [line for line in table.splitlines() if re.match(r"[\d*]", line)]
    assert len(entries) == 3 and all("labelqa " in re.split(r"\s+", line, maxsplit=5)[5] for line in entries)


def test_exit_codes_are_those_of_the_command_line():
    from labelqa_lib.cli.frame import EPILOG

    told = set(re.findall(r"^\s+(\d+(?:, \d+)*)  ", EPILOG, re.MULTILINE))
    table = TEXT.partition("| code |")[2].partition("\n\n")[0]
    assert told == set(re.findall(r"^\| (\d+(?:, \d+)*) \|", table, re.MULTILINE)), "the table of exit codes differs from --help"
