"""What a person is told when a file under config/ cannot be understood: what, where, and what to do."""

from __future__ import annotations

import re


class ConfigError(ValueError):
    """`file`, line and key where it is, what is wrong with it, and a hint."""

    def __init__(self, file: str, key: str, problem: str, hint: str, line: int | None = None) -> None:
        self.file = file
        self.key = key
        self.problem = problem
        self.hint = hint
        self.line = line
        where = file if line is None else f"{file}:{line}"
        named = f" {key}:" if key else ""
        super().__init__(f"{where}:{named} {problem}. {hint}")


def line_of(text: str, key: str) -> int | None:
    """The line (from 1) on which a dotted TOML key such as `signal.wait` or `steps.2.after` is set, if it is found."""
    *tables, name = key.split(".")
    number = int(tables.pop()) if tables and tables[-1].isdigit() else 1
    wanted = ".".join(tables)
    table, seen = "", 0
    for at, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", line):
            table = header[1]
            seen += table == wanted
        elif table == wanted and seen in (0, number) and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return at
    return None
