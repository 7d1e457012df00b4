"""The benchmark's hold on one engine: its process, a request and its answer, and what its process tree uses."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tpch.timing import Sample

SAMPLE_SECONDS = 0.05
LISTING_SECONDS = 0.5  # listing the processes of the machine costs more than asking one
SCRIPT = Path(__file__).resolve().parent / "peers.py"
IN_MEMORY = "-tables"


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
        listed, processes = 0.0, tree(self._pid)
        while not self._ended.wait(SAMPLE_SECONDS):
            if time.monotonic() - listed > LISTING_SECONDS:
                listed, processes = time.monotonic(), tree(self._pid)
            self.peak = max(self.peak, sum(map(_bytes, processes)))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def tree(pid: int) -> list[psutil.Process]:
    """A process and its descendants; nothing if it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def tree_bytes(pid: int) -> int:
    """Resident anonymous plus shared memory of `pid` and its descendants; all that is resident outside Linux."""
    return sum(map(_bytes, tree(pid)))


def tree_seconds(pid: int) -> float:
    """CPU seconds used so far by `pid` and its descendants, with those that have ended."""
    return sum(map(_seconds, tree(pid)))


def machine_seconds() -> float:
    """CPU seconds used so far by all processes of the machine."""
    times = psutil.cpu_times()
    kinds = ("user", "nice", "system", "irq", "softirq", "steal")
    return sum(getattr(times, kind, 0.0) for kind in kinds)


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


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    own = float(times.user + times.system)
    return own + float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


@dataclass(frozen=True)
class Opening:
    """What an engine is opened on: `tables` (name to Parquet files), its threads, and the settings of each peer by name."""

    tables: Mapping[str, Sequence[str]]
    threads: int
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Engine:
    """One engine in its process. A process that fails is started anew for the next statement.

    name: a key of peers.PEERS, with "-tables" behind it for tables that it holds in memory instead of reading files.
    python: the interpreter that has the engine. seconds: the time allowed for one statement.
    idle, loaded, peak: bytes before tables are held, with them, and the most while statements ran.
    """

    def __init__(self, name: str, opening: Opening, python: str = sys.executable, seconds: float = 300) -> None:
        self.name = name
        self.peer, in_memory, _ = name.partition(IN_MEMORY)
        self.version = ""
        self.idle = self.loaded = self.peak = 0
        self.loading: float | None = None
        self._in_memory = bool(in_memory)
        self._command = [python, "-P", str(SCRIPT), self.peer]
        settings = dict(opening.settings.get(self.peer, {}))
        self._open = {"do": "open", "threads": opening.threads, "tables": opening.tables, "settings": settings}
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, text: str, keep: Path | None = None) -> tuple[Sample, int]:
        """Runs `text`: what it took, and the rows of its answer, which is written to `keep`. Raises EngineFailed."""
        process = self.start()
        memory = Memory(process.pid)
        machine, own, began = machine_seconds(), tree_seconds(process.pid), time.perf_counter()
        try:
            answer = self._ask(process, {"do": "run", "text": text, "keep": None if keep is None else str(keep)})
            cpu, wall = tree_seconds(process.pid) - own, time.perf_counter() - began
        finally:
            memory.stop()
            self.peak = max(self.peak, memory.peak)
        busy = max(0.0, machine_seconds() - machine - cpu) / wall
        return Sample(answer["seconds"], cpu, busy, answer.get("planning")), answer["rows"]

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the process and opens the tables, unless that is done. Raises EngineFailed."""
        if self._process is not None:
            return self._process
        self._process = process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.version = self._ask(process, self._open)["version"]
            self.idle = self.loaded = tree_bytes(process.pid)
            if self._in_memory:
                self.loading = self._ask(process, {"do": "load"})["seconds"]
                self.loaded = tree_bytes(process.pid)
        except EngineFailed:
            self.stop()
            raise
        return process

    def forget(self) -> None:
        """Makes the engine forget code it has compiled, if it keeps any. Raises EngineFailed."""
        self._ask(self.start(), {"do": "forget"})

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
