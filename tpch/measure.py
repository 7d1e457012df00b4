"""The benchmark's hold on one engine: its process, a request and its answer, and the memory of its process tree."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tpch.load import TABLES, table_path

SAMPLE_SECONDS = 0.05
SCRIPT = Path(__file__).resolve().parent / "peers.py"


class EngineFailed(Exception):
    """The engine gave an error, ended, or took longer than allowed."""


class Memory(threading.Thread):
    """Samples the memory of a process and all below it. Files that are mapped do not count, see tree_bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._pid = pid
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, tree_bytes(self._pid))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def tree_bytes(pid: int) -> int:
    """Resident anonymous plus shared memory of `pid` and its descendants; all that is resident outside Linux."""
    try:
        root = psutil.Process(pid)
        return sum(_bytes(process) for process in [root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _bytes(process: psutil.Process) -> int:
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except ProcessLookupError:
        return 0  # it has just ended
    except FileNotFoundError:
        return _resident(process)
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    return sum(int(sizes[key].split()[0]) * 1024 for key in ("RssAnon", "RssShmem") if key in sizes)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


class Engine:
    """One engine in its process. A process that fails is started anew for the next query.

    name: a key of peers.PEERS. python: the interpreter that has the engine.
    seconds: the time allowed for one statement.
    """

    def __init__(self, name: str, path: Path, threads: int, python: str = sys.executable, seconds: float = 300) -> None:
        self.name = name
        self.version = ""
        self.idle = 0
        self.peak = 0
        self._command = [python, "-P", str(SCRIPT), name]
        self._open = {"do": "open", "threads": threads, "tables": _tables(path)}
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, text: str, keep: Path | None = None) -> dict[str, Any]:
        """Runs `text`: `seconds` and `rows`. Raises EngineFailed."""
        process = self.start()
        memory = Memory(process.pid)
        try:
            return self._ask(process, {"do": "run", "text": text, "keep": None if keep is None else str(keep)})
        finally:
            memory.stop()
            self.peak = max(self.peak, memory.peak)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the process and opens the tables, unless that is done. Raises EngineFailed."""
        if self._process is not None:
            return self._process
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.version = self._ask(self._process, self._open)["version"]
        except EngineFailed:
            self.stop()
            raise
        self.idle = tree_bytes(self._process.pid)
        return self._process

    def stop(self) -> None:
        """Ends the process and what it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()  # end of input: it leaves by itself
        with suppress(subprocess.TimeoutExpired):  # then it is killed, with its group
            process.wait(5)
        _kill_group(process)
        process.stdout.close()
        process.wait()

    def _ask(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._lost("ended") from None
        ready, _, _ = select.select([process.stdout], [], [], self._seconds)
        line = process.stdout.readline() if ready else b""
        if not line:
            if not ready:
                _kill_group(process)
            raise self._lost("ended" if ready else f"took over {self._seconds:g} s")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EngineFailed(answer["error"])
        return answer

    def _lost(self, what: str) -> EngineFailed:
        self.stop()
        return EngineFailed(f"{self.name} {what}")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the session that `process` leads: also what it left behind, such as a Java virtual machine."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing was left


def _tables(path: Path) -> dict[str, list[str]]:
    tables = {}
    for table in TABLES:
        place = table_path(path, table).resolve()
        tables[table] = sorted(map(str, place.glob("*.parquet"))) if place.is_dir() else [str(place)]
    return tables
