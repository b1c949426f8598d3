"""A contender as a process of its own, kept from round to round and asleep while others run."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.engine.contenders import Contender
from benchmarks.engine.job import Job

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0
"""Seconds within which an answer must come, the compiling and warming up before the first included."""


class Failed(Exception):
    """A contender that cannot; the message is one line."""


class Process:
    """`Process(contender, job, python, memory, parameters).rate()`, as often as one likes."""

    def __init__(self, contender: Contender, job: Job, python: str, memory: int, parameters: int) -> None:
        self.contender, self.job, self.python = contender, job, python
        self.memory = memory
        """Bytes that it may hold while others run. With more, it is started anew for each turn."""
        self.parameters = parameters
        self.process: subprocess.Popen[str] | None = None
        self.errors = tempfile.TemporaryFile("w+")

    def rate(self) -> float:
        """Pictures per second, over a second or more."""
        if self.process is None:
            self._start()
        else:
            self._signal(signal.SIGCONT)
        rate = float(self._ask("go")["rate"])
        # Stopped for good, and not only waiting for its turn: the threads of some spin while they wait.
        self._signal(signal.SIGSTOP)
        if held(self.process) > self.memory:
            self.end()
        return rate

    def end(self) -> None:
        """Stops it."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.communicate()
            self.process = None

    def _start(self) -> None:
        command = [self.python, "-m", f"benchmarks.engine.peers.{self.contender.program}"]
        threads = {"OMP_NUM_THREADS": str(self.job.threads)}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | threads | dict(self.contender.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        counted = self._ask(json.dumps(asdict(self.job)))["parameters"]
        if counted and counted != self.parameters:
            raise Failed(f"it has {counted:,} parameters, the net has {self.parameters:,}")

    def _ask(self, line: str) -> dict[str, Any]:
        assert self.process and self.process.stdin and self.process.stdout
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        if not ready:
            raise Failed(f"no answer within {PATIENCE:.0f} s")
        said = self.process.stdout.readline()
        if not said:
            raise Failed(self._last_words())
        answer: dict[str, Any] = json.loads(said)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def _last_words(self) -> str:
        """Why it ended without a word."""
        assert self.process
        status = self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        why = f"killed by signal {-status}" if status < 0 else f"ended with {status}"
        return f"{why}: {lines[-1]}" if lines else why

    def _signal(self, number: int) -> None:
        """To the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number) if self.process else None


def held(process: subprocess.Popen[str] | None) -> int:
    """Bytes of memory that a process holds; 0 where the system does not say."""
    try:
        pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1] if process else "0"
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
