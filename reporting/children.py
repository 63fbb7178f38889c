"""Processes that live and die together: what `manage.py serve` starts.

Linux only in one respect: a child is told by the kernel when its parent was killed without warning.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_TAIL_LINES = 15


def _die_with(parent: int) -> Callable[[], None]:
    """What a child runs before its program: SIGTERM when the parent is gone, however it went."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def prepare() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # killed between the fork and the line above
                os._exit(1)

    return prepare


class Child:
    """One program in a process group of its own, so that Ctrl-C reaches it only through `stop`."""

    def __init__(self, name: str, arguments: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str]) -> None:
        """Start the program; its output goes to `log`, the output of the run before to `log` + ".1"."""
        self.name = name
        self.log = log
        if log.exists():
            log.replace(log.with_name(log.name + ".1"))
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (one thread only at this point)
            )

    @property
    def exit_code(self) -> int | None:
        """None while the program runs."""
        return self.process.poll()

    def stop(self, *, seconds: float, at_once: threading.Event) -> bool:
        """Ask the program to end; after so many seconds, or `at_once`, kill it with all that it started.

        Returns whether it ended by itself.
        """
        deadline = time.monotonic() + seconds
        if self.exit_code is None:
            self.process.terminate()
        while self.exit_code is None and time.monotonic() < deadline and not at_once.wait(0.05):
            pass
        in_time = self.exit_code is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return in_time

    def last_lines(self) -> str:
        """The end of this run's log, for the person who has to mend it."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
        return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])
