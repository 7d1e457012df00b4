"""An executor process: reads what the driver says, runs it, reports back, and ends when the driver is gone.

The main thread only reads, so that a message is heard whatever the tasks are doing; each task has a thread of its own.
Every end is abrupt (`os._exit`): what matters is in files that were renamed, everything else goes with the process.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

import engine
import engine.functions.families  # here, and not when the first task asks
from engine.cluster.rundir import calls_file
from engine.cluster.runner import TaskRunner
from engine.cluster.wire import VERSION, Acknowledge, BlockingChannel, Cancel, Forget, Hello, Run, Setup
from engine.compile.calls import record_calls
from engine.compile.object_cache import keep_away
from engine.deep import with_room
from engine.errors import InternalError
from engine.schedule.backend import Report, TaskDone
from engine.schedule.stage import TaskProgram

_OOM_SCORE = "500"  # when memory runs out, the kernel should take a worker rather than the user's process


def main(descriptor: int) -> None:
    """Serves the driver at the other end of `descriptor` until it is gone. Does not return."""
    channel = BlockingChannel(socket.socket(fileno=descriptor))
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # no cores in the cwd
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    try:
        channel.send(Hello(VERSION, str(engine.__file__), sys.version_info[:2], os.getpid()))
        _Worker(channel, channel.receive()).serve()
    except (EOFError, OSError):
        os._exit(0)
    except BaseException:  # the log is all that remains
        traceback.print_exc()
        os._exit(1)


class _Worker:
    def __init__(self, channel: BlockingChannel, setup: Setup) -> None:
        self._channel = channel
        self._programs: dict[tuple[int, int], TaskProgram | InternalError] = {}
        pa.set_cpu_count(setup.cores)
        directory = Path(setup.directory)
        keep_away(setup.quarantined)
        record_calls(calls_file(directory, setup.executor_id))
        self._runner = TaskRunner(setup.cores, setup.budget, lambda: directory, self._report)

    def serve(self) -> None:
        """Acts on messages, for ever."""
        while True:
            self._hear(self._channel.receive())

    def _hear(self, message: Any) -> None:
        match message:
            case Run(task, program):
                self._run(task, program)
            case Cancel(task_id):
                self._runner.cancel(task_id)
            case Acknowledge(task_id):
                self._runner.acknowledge(task_id)
            case Forget(job_id):
                self._programs = {key: program for key, program in self._programs.items() if key[0] != job_id}
                self._runner.forget(job_id)
                self._runner.memory.give_back()

    def _run(self, task: Any, pickled: bytes | None) -> None:
        key = (task.job_id, task.stage_id)
        if pickled is not None:
            self._programs[key] = _load(pickled)
        program = self._programs[key]
        if isinstance(program, InternalError):
            self._report(TaskDone(task.task_id, program))
        else:
            self._runner.launch(task, program)

    def _report(self, report: Report) -> None:
        try:
            self._channel.send(report)
        except OSError:
            os._exit(0)  # the driver is gone
        except Exception as error:  # an error or a metric that cannot be pickled must not leave the driver waiting
            details = traceback.format_exc()
            task_id = report.task_id if isinstance(report, TaskDone) else 0
            self._channel.send(TaskDone(task_id, InternalError(f"A report cannot be sent: {error}", details=details)))


def _load(pickled: bytes) -> TaskProgram | InternalError:
    try:
        program: TaskProgram = with_room(partial(pickle.loads, pickled))
    except Exception as error:  # a module of the user's that is not there, most likely
        return InternalError(f"A worker cannot load the program of a stage: {error}", details=traceback.format_exc())
    return program
