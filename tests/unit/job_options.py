"""The options of `python -m jobs`, read from its source: importing it would start a JVM's client."""

from __future__ import annotations

import ast
from pathlib import Path

MAIN = Path(__file__).resolve().parents[2] / "jobs" / "__main__.py"


def job_options() -> tuple[set[str], set[str]]:
    """(all of them, those that must be said)."""
    known, needed = set(), set()
    for node in ast.walk(ast.parse(MAIN.read_text())):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".add_argument")):
            continue
        name = ast.literal_eval(node.args[0])
        if name.startswith("--"):
            known.add(name)
            if any(word.arg == "required" and ast.literal_eval(word.value) for word in node.keywords):
                needed.add(name)
    return known, needed
