"""The parent of the workers: has everything imported, so that a worker is a fork away (30 ms instead of 500).

It forks only while it has a single thread: a fork of more would copy locks that nobody opens again. It creates no
threads itself; if an import did, or where forking is not safe (macOS), each worker is a new Python instead. It also
waits for the workers, so that the user's process has no children but this one and every death is told with its signal.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

import engine
from engine.cluster import wire
from engine.cluster.wire import Exited, Kill, Spawn

_ENGINE = Path(str(engine.__file__)).parent
_PRELOAD = ("pyarrow.compute", "pyarrow.parquet", "engine.cluster.worker")
_PRELOAD_FOLDERS = ("kernels", "physical", "sources")  # what programs are made of


def main(descriptor: int) -> None:
    """Serves the driver at the other end of `descriptor` until it is gone; then ends all workers."""
    _Zygote(socket.socket(fileno=descriptor)).serve()


class _Zygote:
    def __init__(self, driver: socket.socket) -> None:
        self._driver = driver
        self._workers: dict[int, str] = {}
        self._wakeup, self._signalled = socket.socketpair()
        self._wakeup.setblocking(False)
        self._signalled.setblocking(False)
        signal.set_wakeup_fd(self._signalled.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._forks = os.environ[wire.FORK_VARIABLE] == "yes" and _preload()

    def serve(self) -> None:
        """Acts on messages and deaths."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._driver, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            self._selector = selector
            try:
                while True:
                    for key, _ in selector.select():
                        if key.fileobj is self._driver:
                            self._hear()
                        else:
                            with suppress(BlockingIOError):
                                self._wakeup.recv(4096)
                    self._reap()
            except (EOFError, OSError):
                self._end()

    def _hear(self) -> None:
        head, descriptors, _, _ = socket.recv_fds(self._driver, wire.HEADER.size, 1)
        if not head:
            raise EOFError
        while len(head) < wire.HEADER.size:
            head += self._driver.recv(wire.HEADER.size - len(head))
        kind, length = wire.HEADER.unpack(head)
        body = b""
        while len(body) < length:
            body += self._driver.recv(length - len(body))
        match wire.decode(kind, pa.py_buffer(body)):
            case Spawn() as order:
                self._spawn(order, descriptors[0])
            case Kill(executor_id):
                for pid, name in self._workers.items():
                    if name == executor_id:
                        _kill(pid)

    def _spawn(self, order: Spawn, descriptor: int) -> None:
        if self._forks:
            pid = os.fork()
            if pid == 0:
                self._become_worker(order, descriptor)
        else:
            pid = _execute(order, descriptor)
        os.close(descriptor)
        self._workers[pid] = order.executor_id

    def _become_worker(self, order: Spawn, descriptor: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (self._selector, self._driver, self._wakeup, self._signalled):
                end.close()
            os.setsid()
            log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            importlib.import_module("engine.cluster.worker").main(descriptor)
        except BaseException:  # must not return into the zygote's loop
            traceback.print_exc()
        finally:
            os._exit(1)

    def _reap(self) -> None:
        while self._workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self._workers.pop(pid, None)
            if name is not None:
                self._driver.sendall(wire.frame(Exited(name, os.waitstatus_to_exitcode(status))))

    def _end(self) -> None:
        for pid in self._workers:
            _kill(pid)
        for pid in self._workers:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        os._exit(0)


def _preload() -> bool:
    """Imports what workers need; whether this process may fork."""
    modules = [
        found.name
        for folder in _PRELOAD_FOLDERS
        for found in pkgutil.walk_packages([str(_ENGINE / folder)], f"engine.{folder}.")
    ]
    for name in (*_PRELOAD, *modules):
        try:
            importlib.import_module(name)
        except Exception:  # it fails again where it is needed, and is told there
            traceback.print_exc()
    gc.collect()
    gc.freeze()  # else every worker's first collection copies the pages of all these modules
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _execute(order: Spawn, descriptor: int) -> int:
    """Starts a worker as a new Python; returns its process id."""
    boot = Path(__file__).with_name("boot.py")
    arguments = [sys.executable, "-P", str(boot), "worker", str(_ENGINE), str(descriptor), json.dumps(sys.path)]
    with Path(order.log).open("ab") as log:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    process.returncode = 0  # waited for by `_reap`, not by this object
    return process.pid


def _kill(pid: int) -> None:
    """Ends a worker that was not waited for yet, with the processes it started."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)
