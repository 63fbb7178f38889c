"""Programs that live and die together."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from reporting.children import Child

OBEYS = "import time; print('up', flush=True); time.sleep(60)"
DEFIES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {OBEYS}"


def started(folder: Path, program: str) -> Child:
    child = Child("web", [sys.executable, "-c", program], log=folder / "web.log", cwd=folder, env=dict(os.environ))
    while child.exit_code is None and "up" not in child.log.read_text():
        time.sleep(0.01)
    return child


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def ends(pid: int) -> bool:
    """Whether the process is gone within five seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and is_running(pid):
        time.sleep(0.02)
    return not is_running(pid)


def test_stop_lets_an_obedient_program_end_by_itself(tmp_path: Path) -> None:
    child = started(tmp_path, OBEYS)
    assert child.stop(seconds=10, at_once=threading.Event())
    assert child.exit_code == -signal.SIGTERM


def test_stop_kills_a_program_that_does_not_listen(tmp_path: Path) -> None:
    child = started(tmp_path, DEFIES)
    assert not child.stop(seconds=0.2, at_once=threading.Event())
    assert child.exit_code == -signal.SIGKILL


def test_stop_loses_patience_when_it_is_asked_twice(tmp_path: Path) -> None:
    child = started(tmp_path, DEFIES)
    asked_twice = threading.Event()
    asked_twice.set()
    before = time.monotonic()
    assert not child.stop(seconds=60, at_once=asked_twice)
    assert time.monotonic() - before < 10


def test_stop_leaves_no_grandchild(tmp_path: Path) -> None:
    child = started(
        tmp_path,
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', {DEFIES!r}], stdout=subprocess.PIPE)\n"
        "p.stdout.readline()\n"
        "print('up', p.pid, flush=True)\n"
        "time.sleep(60)\n",
    )
    grandchild = int(child.log.read_text().split()[1])
    assert is_running(grandchild)
    child.stop(seconds=10, at_once=threading.Event())
    assert ends(grandchild)


def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys, time\nfrom pathlib import Path\nfrom reporting.children import Child\n"
            f"here = Path({str(tmp_path)!r})\n"
            f"program = [sys.executable, '-c', {OBEYS!r}]\n"
            "child = Child('web', program, log=here / 'web.log', cwd=here, env=dict(os.environ))\n"
            "print(child.process.pid, flush=True)\ntime.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    assert ends(child)


def test_last_lines_are_the_end_of_this_run_and_the_run_before_is_kept(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("an older run\n")
    child = started(tmp_path, "print('\\n'.join(f'up {number}' for number in range(100)))")
    child.process.wait()
    assert child.last_lines() == "\n".join(f"    up {number}" for number in range(85, 100))
    assert (tmp_path / "web.log.1").read_text() == "an older run\n"
