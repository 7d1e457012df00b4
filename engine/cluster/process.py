"""The driver's side of its processes: starts the zygote, and says in words how a process ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import engine
from engine.cluster.wire import FORK_VARIABLE, Channel, Kill, Spawn, frame
from engine.errors import ClusterError

_DROPPED = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONPROFILEIMPORTTIME")
# Without these an import starts a thread, and the zygote could not fork.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_END_SECONDS = 2.0

# macOS libraries do not survive a fork; elsewhere the zygote still looks whether it may.
FORKS = sys.platform == "linux"

# Now, since a program may change its working directory later.
ENGINE_FOLDER = Path(str(engine.__file__)).absolute().parent


class Zygote:
    """The parent of the workers, as the driver sees it. Raises ClusterError when it cannot be started."""

    def __init__(self, log: Path) -> None:
        if not sys.executable:
            raise ClusterError("EXECUTOR_START_FAILED", {"reason": "this Python does not know its own executable"})
        ours, theirs = socket.socketpair()
        boot = ENGINE_FOLDER / "cluster" / "boot.py"
        search_path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
        arguments = [sys.executable, "-P", str(boot), "zygote", str(ENGINE_FOLDER), str(theirs.fileno()), search_path]
        environment = {name: value for name, value in os.environ.items() if name not in _DROPPED} | _ENVIRONMENT
        environment[FORK_VARIABLE] = "yes" if FORKS else "no"
        try:
            with log.open("ab") as output:
                self.process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    env=environment,
                )
        except OSError as error:
            ours.close()
            raise ClusterError("EXECUTOR_START_FAILED", {"reason": f"{sys.executable}: {error.strerror}"}) from error
        finally:
            theirs.close()
        self.channel = Channel(ours)

    def spawn(self, executor_id: str, log: Path) -> Channel:
        """Asks for a worker; returns the channel to it, on which it will say hello (or which will just end)."""
        ours, theirs = socket.socketpair()
        with theirs, suppress(OSError):  # a dead zygote shows as the end of the new channel
            self.channel.socket.setblocking(True)
            socket.send_fds(self.channel.socket, [frame(Spawn(executor_id, str(log)))], [theirs.fileno()])
            self.channel.socket.setblocking(False)
        return Channel(ours)

    def kill(self, executor_id: str) -> None:
        """Ends a worker now."""
        self.channel.send(Kill(executor_id))

    def end(self, idle: bool = False) -> None:
        """Ends all workers and the zygote; waits until they are gone. An `idle` one, whose workers have not said a word
        yet, is not given the time to finish its imports: workers end by themselves when their sockets do."""
        self.channel.close()
        if idle:
            self.process.kill()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_CRASHES = tuple(-number for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE))


def crashed(code: int | None) -> bool:
    """Whether a process ended by a signal that it brought on itself."""
    return code in _CRASHES


def describe_end(code: int | None, memory_ran_out: bool) -> str:
    """How a process ended, for users. `code` as Popen.returncode has it, None when nobody knows."""
    if code is None:
        return "its process is gone"
    if code >= 0:
        return f"its process ended with status {code}"
    names = {int(known): known.name for known in signal.Signals}
    name = names.get(-code, f"signal {-code}")
    if -code != signal.SIGKILL:
        return f"its process crashed ({name})"
    if memory_ran_out:
        return "the system killed its process because memory ran out (SIGKILL); lower spark.executor.memory"
    return "its process was killed (SIGKILL)"


def log_tail(path: Path, size: int = 4000) -> str:
    """The last of what a process wrote to its log, for the details of an error."""
    try:
        return path.read_bytes()[-size:].decode("utf-8", "replace")
    except OSError:
        return ""
