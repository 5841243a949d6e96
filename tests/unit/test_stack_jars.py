"""A jar is used only if it is the one that jars.lock names."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack import bootstrap, jars
from local_stack.errors import SetupError


@pytest.fixture
def one_jar(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with one jar in it and the lock that names it."""
    jar = tmp_path / "jars" / "kafka" / "broker.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"good bytes")
    lock = tmp_path / "jars.lock"
    lock.write_text(f"# what belongs here\n{jars.sha256(jar)}  kafka/broker.jar\n")
    return tmp_path / "jars", lock


def test_the_right_jars_pass(one_jar: tuple[Path, Path]) -> None:
    """Nothing is said about what is in order."""
    jars.verify(*one_jar)


def test_a_corrupted_jar_is_one_sentence_with_what_to_do(one_jar: tuple[Path, Path]) -> None:
    """The resolver trusts its cache, so nobody else would notice."""
    jar = one_jar[0] / "kafka" / "broker.jar"
    jar.write_bytes(b"evil bytes")
    with pytest.raises(SetupError, match=rf"The jar {jar} is damaged .*`rm {jar}`, then run `make setup`\.$"):
        jars.verify(*one_jar)


def test_a_missing_jar_is_named(one_jar: tuple[Path, Path]) -> None:
    """Half a download must not become a class-not-found error an hour later."""
    (one_jar[0] / "kafka" / "broker.jar").unlink()
    assert jars.missing(*one_jar) == ["kafka/broker.jar"]
    with pytest.raises(SetupError, match=r"broker\.jar is missing: run `make setup`"):
        jars.verify(*one_jar)


def test_a_jar_that_nobody_asked_for_is_refused(one_jar: tuple[Path, Path]) -> None:
    """Every jar in the folder is on the class path, so an extra one runs too."""
    (one_jar[0] / "kafka" / "stranger.jar").write_bytes(b"?")
    with pytest.raises(SetupError, match=r"stranger.jar is not in jars.lock"):
        jars.verify(*one_jar)


def test_set_up_ends_with_a_code_when_a_jar_is_damaged(
    one_jar: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second `make setup` checks the jars again and downloads nothing."""
    folder, lock = one_jar
    (folder / "kafka" / "broker.jar").write_bytes(b"evil bytes")
    monkeypatch.setattr("local_stack.bootstrap.jars.verify", lambda check=jars.verify: check(folder, lock))
    assert bootstrap.main() == 3
    assert "is damaged" in capsys.readouterr().err


def test_the_lock_names_the_broker_and_the_connector() -> None:
    """Both sets are pinned; the versions are the ones that were measured to work together."""
    names = set(jars.locked())
    assert {"kafka/kafka_2.13-4.3.1.jar", "kafka/kafka-clients-4.3.1.jar"} <= names
    assert {name for name in names if name.startswith("flink/")} == {"flink/flink-sql-connector-kafka-5.0.0-2.2.jar"}
