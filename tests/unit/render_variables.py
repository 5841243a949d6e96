"""The variables that the render service reads, as it asks for them."""

from __future__ import annotations

from render_service.settings import from_environment


class Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return default

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)


def render_variables() -> set[str]:
    asked = Asked()
    from_environment(asked)
    return asked.names
