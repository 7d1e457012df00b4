"""Generation of the data: complete or not there, once for all who ask, and a clear word when it cannot be done."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tpch import load as load_module
from tpch.load import TABLES, GenerateError, load, register, views

ROWS = {"region": 5, "nation": 25, "supplier": 100, "customer": 1500, "part": 2000, "partsupp": 8000, "orders": 15000}


def fake_generator(folder: Path, body: str) -> Path:
    """A tpchgen-cli that runs `body` with `out`, the folder to write to, and logs its calls beside itself."""
    program = folder / "tpchgen-cli"
    program.write_text(
        f"#!{sys.executable}\n"
        + textwrap.dedent("""
            import sys, pathlib
            out = pathlib.Path(sys.argv[sys.argv.index("--output-dir") + 1])
            out.mkdir(parents=True)
            with open(__file__ + ".log", "a") as log:
                log.write("called\\n")
            def tables(names):
                for name in names:
                    (out / f"{name}.parquet").write_text("x")
            """)
        + textwrap.dedent(body)
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def install(body: str) -> Path:
        program = fake_generator(tmp_path, body)
        monkeypatch.setattr(load_module, "generator", lambda: program)
        return Path(f"{program}.log")

    return install


def test_all_tables_at_their_size(data: Path) -> None:
    path = load(0.01, data)
    assert path == data / "sf0.01"
    rows = {table: pq.read_metadata(path / f"{table}.parquet").num_rows for table in TABLES}
    assert rows == {**ROWS, "lineitem": 60175}
    assert [entry.name for entry in data.iterdir() if "partial" in entry.name] == []


def test_what_is_there_is_used_again(tmp_path: Path, generator) -> None:
    log = generator(f"tables({TABLES})")
    assert load(2, tmp_path / "home") == load(2, tmp_path / "home") == tmp_path / "home" / "sf2"
    assert log.read_text() == "called\n"


def test_two_at_once_generate_once(tmp_path: Path, generator) -> None:
    log = generator(f"import time; time.sleep(0.2); tables({TABLES})")
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: load(2, tmp_path / "home"), range(4)))
    assert paths == {tmp_path / "home" / "sf2"}
    assert log.read_text() == "called\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("tables(['region']); print('disk full', file=sys.stderr); sys.exit(3)", r"failed \(3\): disk full"),
        ("tables(['region'])", "does not hold the TPC-H table nation"),
    ],
)
def test_failure_leaves_nothing(tmp_path: Path, generator, body: str, message: str) -> None:
    generator(body)
    with pytest.raises(GenerateError, match=message):
        load(2, tmp_path / "home")
    assert [entry.name for entry in (tmp_path / "home").iterdir()] == [".sf2.lock"]


def test_remains_of_a_killed_one_are_swept(tmp_path: Path, generator) -> None:
    remains = tmp_path / "home" / ".sf2.partial"
    remains.mkdir(parents=True)
    (remains / "old").touch()
    generator(f"tables({TABLES})")
    assert sorted(entry.stem for entry in load(2, tmp_path / "home").iterdir()) == sorted(TABLES)


def test_parts_for_large_scales(tmp_path: Path, generator) -> None:
    generator(f"""
        parts = int(sys.argv[sys.argv.index("--parts") + 1])
        assert parts == 4
        for name in {TABLES}:
            (out / name).mkdir()
            for part in range(1, parts + 1):
                (out / name / f"{{name}}.{{part}}.parquet").touch()
    """)
    path = load(40, tmp_path / "home")
    assert f"parquet.`{path / 'lineitem'}`" in views(path)[-1]


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_wrong_scale(tmp_path: Path, scale: float) -> None:
    with pytest.raises(GenerateError, match="positive number"):
        load(scale, tmp_path)


def test_generator_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GenerateError, match=r"pip install 'flint-sql\[tpch\]'"):
        load(1, tmp_path)


def test_default_folder_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load_module.default_folder() == tmp_path / "flint" / "tpch"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_module.default_folder() == tmp_path / ".cache" / "flint" / "tpch"


def test_views_name_every_table_and_quote_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "a `quoted` place"
    folder.mkdir()
    for table in TABLES:
        (folder / f"{table}.parquet").touch()
    said: list[str] = []

    class Session:
        def sql(self, text: str) -> None:
            said.append(text)

    register(Session(), folder)
    quoted = str(folder).replace("`", "``")
    assert said[0] == f"CREATE OR REPLACE TEMP VIEW region AS SELECT * FROM parquet.`{quoted}/region.parquet`"
    assert [statement.split()[5] for statement in said] == list(TABLES)


def test_command_prints_statements(data: Path, tmp_path: Path, generator, capsys: pytest.CaptureFixture[str]) -> None:
    assert load_module.main(["--scale", "0.01", "--data", str(data)]) == 0
    assert capsys.readouterr().out == "".join(f"{statement};\n" for statement in views(data / "sf0.01"))
    generator("sys.exit(1)")
    assert load_module.main(["--scale", "2", "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "tpch.load: tpchgen-cli failed (1): no message\n"


def test_program_runs_without_its_folder_on_the_path(tmp_path: Path) -> None:
    """The environment need not be activated."""
    text = "from tpch.load import generator; print(generator())"
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        env={"PATH": "/nowhere"},
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip().endswith("tpchgen-cli"), done.stderr
