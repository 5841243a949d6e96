"""`python -m jobs profiles|campaigns`: what `flink run -pym jobs` calls; settings come from TIDEMARK_ variables."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from connectors.config_files import read_config
from connectors.settings import from_environment
from jobs.run import Run, execute
from udfs.time import Millis

JOBS = ("campaigns", "profiles")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jobs", description=__doc__)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--config", type=Path, default=Path("config"), help="folder of campaigns, segments and scores")
    parser.add_argument("--live-from", type=Millis, required=True, help="epoch ms; signals before it are only recorded")
    parser.add_argument("--history-from", type=Millis, required=True, help="epoch ms of the first event ever seen")
    parser.add_argument("--stop-at", type=Millis, help="epoch ms; read to the ends of now, decide nothing beyond it")
    parser.add_argument("--caught-up-at", type=Millis, help="epoch ms; where readers of Redis change over to this run")
    parser.add_argument("--write-after", type=Millis, help="epoch ms; what was decided up to then is not written")
    return parser.parse_args(arguments)


def main() -> None:
    said = parse()
    run = Run(said.live_from, said.history_from, said.stop_at, said.caught_up_at, said.write_after)
    topology = import_module(f"jobs.{said.job}").topology
    execute(said.job, topology, from_environment(), run, read_config(said.config))


if __name__ == "__main__":
    main()
