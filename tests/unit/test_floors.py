"""Imports point downwards only, and the floor that decides touches nothing of the world.

benchmarks                                    above all, imported by nobody
cli   jobs   render_service   local_stack     floor 3
connectors   udfs/operators                   floor 2
udfs                                          floor 1
avro_schemas                                  floor 0
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 300

MAY_IMPORT = {
    "avro_schemas": (),
    "udfs": ("udfs",),
    "connectors": ("avro_schemas", "udfs", "connectors"),
    "udfs.operators": ("udfs", "connectors", "udfs.operators"),
    "jobs": ("udfs", "connectors", "udfs.operators", "jobs"),
    "render_service": ("udfs", "connectors", "render_service"),
    "local_stack": ("udfs", "connectors", "local_stack"),
    "cli": ("udfs", "connectors", "local_stack", "cli"),  # jobs and render_service are started as processes
    "benchmarks": ("udfs", "connectors", "udfs.operators", "jobs", "local_stack", "cli", "benchmarks"),
}
WITHOUT_FLINK = ("udfs", "render_service", "local_stack", "cli")
LIBRARIES_OF_UDFS = {"msgspec", "numpy", "polars", "xxhash"}  # all of them compute, and do nothing else
THE_WORLD = {
    *("asyncio", "ctypes", "getpass", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "platform"),
    *("random", "secrets", "select", "shutil", "signal", "smtplib", "socket", "sqlite3", "subprocess", "tempfile"),
    *("threading", "time", "urllib", "uuid"),
}
WORLDLY_CALLS = {"open", "print", "input", "breakpoint", "eval", "exec", "compile", "__import__"}
CLOCKS = {"now", "utcnow", "today"}


def package_of(module: str) -> str:
    """The package whose rules hold for a module: udfs.operators has its own."""
    return "udfs.operators" if module.startswith("udfs.operators") else module.split(".")[0]


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in sorted({name.split(".")[0] for name in MAY_IMPORT}):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Dotted names of all that a module imports, wherever in the file."""
    return frozenset(_imported(module))


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield node.module or ""
            # `from package import module` reaches the module
            yield from (name for alias in node.names if (name := f"{node.module}.{alias.name}") in modules())


def reached(module: str) -> frozenset[str]:
    """All that is imported when `module` is, by way of our own modules."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imports(waiting.pop()):
            if name not in seen:
                seen.add(name)
                if name in modules():
                    waiting.append(name)
    return frozenset(seen)


def of(*packages: str) -> list[str]:
    return [module for module in modules() if package_of(module) in packages]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_downwards(package: str) -> None:
    """What decides must not know who runs it."""
    ours = {name.split(".")[0] for name in MAY_IMPORT} | {"tests"}
    wrong = [
        f"{module} imports {name}"
        for module in of(package)
        for name in imports(module)
        if name.split(".")[0] in ours and package_of(name) not in MAY_IMPORT[package]
    ]
    assert wrong == []


def test_udfs_know_the_standard_library_and_libraries_that_only_compute() -> None:
    """A rule that needs nothing can be run by a test, by a backtest and by Flink."""
    allowed = sys.stdlib_module_names | LIBRARIES_OF_UDFS | {"udfs"}
    wrong = [
        f"{module}: {name}" for module in of("udfs") for name in imports(module) if name.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_udfs_touch_no_clock_no_dice_no_files_and_no_environment() -> None:
    """The same log gives the same records only if nothing else has a say."""
    wrong = [
        f"{module}: {name}" for module in of("udfs") for name in imports(module) if name.split(".")[0] in THE_WORLD
    ]
    for module in of("udfs"):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORLDLY_CALLS:
                wrong.append(f"{module}:{node.lineno}: {node.func.id}()")
            if isinstance(node, ast.Attribute) and node.attr in CLOCKS and "date" in ast.unparse(node.value):
                wrong.append(f"{module}:{node.lineno}: {ast.unparse(node)}")
    assert wrong == []


@pytest.mark.parametrize("package", WITHOUT_FLINK)
def test_who_needs_no_flink_does_not_import_it(package: str) -> None:
    """The render service runs in a small image, and the command line answers in a moment."""
    wrong = [module for module in of(package) for name in reached(module) if name.split(".")[0] == "pyflink"]
    assert wrong == []


def test_init_files_are_empty() -> None:
    """Importing one module of a package runs no other."""
    full = [str(path) for path in modules().values() if path.name == "__init__.py" and path.read_text()]
    assert full == []


def test_every_package_has_an_init_file() -> None:
    """A package that is found by luck is not found on the cluster."""
    folders = {path.parent for path in modules().values()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_nothing_is_called_utils() -> None:
    """A name that says nothing collects everything."""
    names = {"utils", "util", "helpers", "common", "misc"}
    assert [module for module in modules() if names & set(module.split("."))] == []


def test_files_are_short() -> None:
    """A file that must be scrolled for long hides a second one."""
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_module_says_what_it_is() -> None:
    """One sentence at the top, true once the file exists."""
    assert [
        module
        for module, path in modules().items()
        if path.name != "__init__.py" and not ast.get_docstring(tree(module))
    ] == []


def test_the_tests_see_every_package() -> None:
    """A new package at the top has to be given its floor."""
    top = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert top == {name.split(".")[0] for name in MAY_IMPORT}


def test_pythons_garbage_collector_looks_through_nobody() -> None:
    """What a job remembers are values without cycles; a full collection stopped it for 0.57 s with 200,000 people."""
    structs = {
        f"{module}: {node.name}": [ast.unparse(word) for word in node.keywords]
        for module in of("udfs", "udfs.operators")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef) and "msgspec.Struct" in map(ast.unparse, node.bases)
    }
    frozen = {name: words for name, words in structs.items() if "frozen=True" in words}
    assert len(frozen) > 20
    assert [name for name, words in frozen.items() if "gc=False" not in words] == []
