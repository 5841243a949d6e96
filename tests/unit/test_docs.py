"""What the pages say is so: commands, options, exit codes, settings, topics, metrics, links."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import fields
from functools import cache

import click
import pytest
import typer

from cli import demo, exits
from cli.__main__ import command_line
from cli.brake_watch import BrakeMetrics
from connectors.settings import Settings
from connectors.topics import FOREVER, TOPICS
from render_service.metrics import Metrics
from tests.unit.pages import ROOT, blocks, lines_of_shell, names, pages, spans, tables
from tests.unit.render_variables import render_variables
from udfs.time import format_length

SHELL_WORDS = {"make", "./tidemark", "docker", "flink", "cd", "git", "export", ".venv/bin/python", "curl"}
OTHER_OPTIONS = {"--help"}


@cache
def commands() -> dict[str, set[str]]:
    """The options of every command, as Typer knows them."""
    app = typer.main.get_command(command_line())
    assert isinstance(app, click.Group) or hasattr(app, "commands")
    single = {f"{name} {inner}": one for name, group in app.commands.items() for inner, one in _inner(group).items()}
    single |= {name: command for name, command in app.commands.items() if not _inner(command)}
    return {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in single.items()
    }


def _inner(command: click.Command) -> dict[str, click.Command]:
    """The commands of a group, such as `campaign`."""
    return dict(getattr(command, "commands", {}))


def said_name(words: list[str]) -> str:
    """The command that these words begin with: two words where the first is a group."""
    two = " ".join(words[:2])
    return two if two in commands() else words[0]


def said_commands() -> list[tuple[str, list[str]]]:
    """(page, words after tidemark) of every command line in blocks and in running text."""
    texts = [(page, line) for page, line in lines_of_shell()]
    texts += [(page, span) for page in pages() for span in spans(page)]
    found = []
    for page, text in texts:
        call = re.search(r"(?:\./tidemark|^tidemark|python -m cli)\s+([^|;&#]+)", text)
        if call:
            found.append((page, shlex.split(call[1].replace("...", ""))))
    return found


def test_commands_in_the_pages_exist() -> None:
    """A command that is copied from a page works."""
    assert said_commands()
    wrong = [
        (page, words) for page, words in said_commands() if words and said_name(words) not in {*commands(), "COMMAND"}
    ]
    assert wrong == []


def test_options_in_the_pages_exist() -> None:
    """And so do its options."""
    wrong = [
        (page, words[0], word)
        for page, words in said_commands()
        for word in words[1:]
        if word.startswith("--")
        and said_name(words) in commands()
        and word.split("=")[0] not in commands()[said_name(words)] | OTHER_OPTIONS
    ]
    assert wrong == []


def test_every_command_and_option_is_on_the_page() -> None:
    """What the command line can do is written in one place."""
    rows = {said_name(names(row[0])[0].split()): row[1] for row in tables("docs/command_line.md", "command")}
    assert set(rows) == set(commands())
    for name, options in commands().items():
        said = set(re.findall(r"--[a-z-]+", rows[name]))
        assert said == {option for option in options if option.startswith("--")}, name


def test_every_command_is_in_the_readme() -> None:
    """The glance shows all of it."""
    said = " ".join(
        span for span in (*spans("README.md"), *(line for page, line in lines_of_shell() if page == "README.md"))
    )
    assert [name for name in commands() if not re.search(rf"\b{name}\b", said)] == []


def test_exit_codes_are_those_of_the_code() -> None:
    """Scripts rely on them."""
    said = {(names(row[1])[0], int(row[0])) for row in tables("docs/command_line.md", "code")}
    assert said == {(name, value) for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}


def test_make_verbs_in_the_pages_exist() -> None:
    """The Makefile is the other command line."""
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = [line for _, line in lines_of_shell()] + [span for page in pages() for span in spans(page)]
    said = {match[1] for text in texts if (match := re.match(r"make ([a-z]+)", text))}
    assert said <= verbs
    assert {"demo", "test", "setup"} <= said


def test_the_readme_gives_the_size_that_the_set_up_announces() -> None:
    """Measured once, said twice."""
    announced = (ROOT / "local_stack" / "bootstrap.py").read_text(encoding="utf-8")
    said = re.search(r"once: about ([\d.]+ MB), ([\d.]+ GB) on disk", pages()["README.md"])
    assert said
    assert [size for size in said.groups() if size not in announced] == []


def test_every_setting_of_the_jobs_is_on_the_page() -> None:
    """With the default that it has."""
    rows = reversed(tables("docs/settings.md", "variable"))  # the first row of a name has its default
    said = {name: row[1] for row in rows for name in names(row[0])}
    for name, value in Settings().environment().items():
        default = (names(said[name]) or [said[name]])[0]
        shown = value if not value.endswith("ms") else format_length(int(value.removesuffix("ms")))
        assert default == (shown or "empty"), name
    assert len(fields(Settings)) == len(Settings().environment())


def test_settings_of_the_demo_are_on_the_page() -> None:
    """All of them, as it sets them."""
    said = {span for span in spans("docs/settings.md") if re.fullmatch(r"TIDEMARK_[A-Z_]+=\S+", span)}
    assert said == {f"{name}={value}" for name, value in demo.SETTINGS.items()} | {"TIDEMARK_NAMESPACE=blue"} & said


def test_every_variable_that_the_code_reads_is_on_the_page() -> None:
    """And none is on the page that nobody reads."""
    said = set(re.findall(r"TIDEMARK_[A-Z_]*[A-Z]", pages()["docs/settings.md"]))
    packages = ("cli", "connectors", "jobs", "local_stack", "render_service", "udfs")
    sources = [path.read_text(encoding="utf-8") for name in packages for path in (ROOT / name).rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"TIDEMARK_[A-Z_]*[A-Z]", source)}
    assert said == read | set(Settings().environment()) | render_variables()


def test_variables_in_the_pages_exist() -> None:
    """A misspelt variable is silently a default."""
    known = set(re.findall(r"TIDEMARK_[A-Z_]*[A-Z]", pages()["docs/settings.md"]))
    said = {(page, name) for page, text in pages().items() for name in re.findall(r"TIDEMARK_[A-Z_]*[A-Z]", text)}
    assert {(page, name) for page, name in said if name not in known} == set()


def test_topics_are_those_of_the_table() -> None:
    """Row by row, as connectors/topics.py has them."""
    said = [[cell.replace("`", "") for cell in row] for row in tables("docs/topics.md", "topic")]
    table = [
        [
            topic.name,
            topic.role,
            topic.key,
            topic.event_time,
            str(topic.partitions),
            "for ever" if topic.retention == FOREVER else format_length(topic.retention),
            topic.about,
        ]
        for topic in TOPICS
    ]
    assert said == table
    assert all(topic.subject == topic.name for topic in TOPICS)


def test_counters_are_those_of_the_operator() -> None:
    """Each with its labels, and with the name that Flink makes of both."""
    counted = {}
    for path in (ROOT / "udfs" / "operators").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("counters.add"):
                labels = [word.arg for word in node.keywords if word.arg and word.arg != "by"]
                counted[ast.literal_eval(node.args[0])] = labels
    said = {names(row[0])[0]: row for row in tables("docs/metrics.md", "counter")}
    assert set(said) == set(counted)
    for name, labels in counted.items():
        assert said[name][1] == (", ".join(labels) or "-")
        assert names(said[name][2]) == ["_".join([*labels, name])]


def test_metrics_of_our_servers_are_those_of_their_registries() -> None:
    """A dashboard is written from this page."""
    there = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name: metric.type
        for registry in (Metrics().registry, BrakeMetrics().registry)
        for metric in registry.collect()
    }
    said = {names(row[0])[0]: row[1] for row in tables("docs/metrics.md", "metric") if row[1] in set(there.values())}
    assert said == there


def test_jobs_are_in_the_readme() -> None:
    """Both of them, by the name that `submit` wants."""
    jobs = {path.stem for path in (ROOT / "jobs").glob("*.py")} - {"__init__", "__main__", "run"}
    assert {job for job in jobs if f"`{job}`" in pages()["README.md"]} == jobs


@pytest.mark.parametrize("page", sorted(pages()))
def test_links_lead_somewhere(page: str) -> None:
    """Within the repository, at least."""
    folder = (ROOT / page).parent
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", pages()[page])
    gone = [target for target in targets if "://" not in target and not (folder / target).exists()]
    assert gone == []


def test_every_decision_is_in_the_index() -> None:
    """Under its own number and title, dated, on less than a page."""
    rows = {row[0]: row[1] for row in tables("docs/decisions/README.md", "number")}
    for page, text in pages().items():
        if page.startswith("docs/decisions/") and page != "docs/decisions/README.md":
            file = page.rpartition("/")[2]
            assert rows.pop(f"[{file[:3]}]({file})", None) == re.sub(r"# \d+[.:]? ", "", text.splitlines()[0]), page
            assert re.search(r"\b2026-\d\d-\d\d\b", text), page
            assert len(text.splitlines()) < 60, page
    assert rows == {}


def test_paths_in_the_pages_exist() -> None:
    """A file that is named can be opened."""
    tops = "avro_schemas|cli|config|connectors|docs|jobs|local_stack|render_service|requirements|tests|udfs"
    named = {
        (page, span)
        for page in pages()
        if not page.startswith("docs/decisions/")
        for span in spans(page)
        if re.fullmatch(rf"(?:{tops})/[\w./-]+", span)
    }
    assert {(page, span) for page, span in named if not (ROOT / span).exists()} == set()


def test_shell_in_the_pages_begins_with_known_words() -> None:
    """Nothing has to be installed to copy a line."""
    wrong = []
    for page, line in lines_of_shell():
        words = [word for word in line.split() if not re.match(r"[A-Z_]+=", word)]
        if words and words[0] not in SHELL_WORDS:
            wrong.append((page, line))
    assert wrong == []


def test_blocks_say_their_language() -> None:
    """So that they can be checked."""
    assert {
        (block.page, block.text[:40]) for block in blocks("") if re.search(r"^(\./tidemark|make) ", block.text, re.M)
    } == set()
