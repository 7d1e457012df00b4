"""Processes that run the fuzzer's fixed seeds beside the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parents[2]
NAME = "test_fixed_seeds"
SECONDS = 1500


class FixedSeeds:
    """The processes, each with a part of the seeds; one processor is left to the other tests."""

    def __init__(self) -> None:
        self.parts = max(1, min(4, (os.cpu_count() or 1) - 1))
        self._said = [TemporaryFile("w+") for _ in range(self.parts)]  # noqa: SIM115 - closed by `stop`
        self._running = [
            subprocess.Popen(
                ["nice", "-n", "5", sys.executable, "-m", "tests.property.fuzz", "--fixed", f"{part}/{self.parts}"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            for part, said in enumerate(self._said)
        ]

    def ended(self) -> tuple[list[int], str]:
        """Exit codes and what was said, when all have ended."""
        codes = [process.wait(SECONDS) for process in self._running]
        for said in self._said:
            said.seek(0)
        return codes, "\n".join(said.read() for said in self._said)

    def stop(self) -> None:
        """Ends what still runs."""
        for process, said in zip(self._running, self._said, strict=True):
            process.kill()
            process.wait()
            said.close()
