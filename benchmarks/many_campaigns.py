"""A shop with many campaigns: generated, live, of all five signals, no two of them alike."""

from __future__ import annotations

from pathlib import Path

from connectors.config_files import read_config

SIGNALS = ("cart_abandoned", "browse_abandoned", "order_completed", "subscribed", "segment_entered")
_SEGMENTS = ("hot", "cart_open", "browsing_category_07", "new", "vip", "lapsing")


def config_of(campaigns: int) -> dict[str, bytes]:
    """The shipped configuration, with so many campaigns in the place of its own; 0 leaves those that are shipped."""
    files = read_config()
    if not campaigns:
        return files
    others = {path: content for path, content in files.items() if not path.startswith("campaigns/")}
    return others | {f"campaigns/c{number:02}.toml": campaign(number).encode() for number in range(campaigns)}


def written(campaigns: int, home: Path) -> Path:
    """The same as a folder, for a job that reads one."""
    for path, content in config_of(campaigns).items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)
    return home


def campaign(number: int) -> str:
    """Neighbours differ in signal, those of one signal in wait, activity, priority, audience and length."""
    signal, turn = SIGNALS[number % len(SIGNALS)], number // len(SIGNALS)
    lines = [f'name = "c{number:02}"', f"priority = {number * 37 % 101}", f'reentry = "{1 + turn % 14}d"']
    lines += ["[signal]", f'type = "{signal}"', f'wait = "{5 + 7 * turn}min"']
    if signal.endswith("abandoned"):
        lines += [f'latest = "{2 + turn % 4}h"', f'activity = "{"cart" if turn % 3 == 2 else "site"}"']
    if signal == "segment_entered":
        lines.append(f'segment = "{_SEGMENTS[turn % len(_SEGMENTS)]}"')
    lines += ["[courtesy]", 'after_order = "0h"']
    if turn % 2:
        lines += ["[audience]", f"minimum_value = {500 * turn}"]
        if signal != "segment_entered":
            lines.append(f'not_segment = "{_SEGMENTS[turn % len(_SEGMENTS)]}"')
    lines += ["[[steps]]", 'template = "cart_left"']
    if turn % 3 == 0:
        lines += ["[[steps]]", 'template = "cart_reminder"', f'after = "{6 + turn}h"']
    return "\n".join(lines) + "\n"
