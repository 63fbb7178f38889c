"""`manage.py serve`: the whole program on one machine."""

import fcntl
import http.client
import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from reporting import demo
from reporting.children import Child

FIRST_PORT = 8000
PORTS_TRIED = 50
START_SECONDS = 60.0
STOP_SECONDS = 10.0
STOP_ORDER = ("web", "beat", "worker")


class Command(BaseCommand):
    help = "Start web server, Celery worker and beat together; Ctrl-C stops all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, help=f"port (the first free one from {FIRST_PORT})")
        parser.add_argument("--workers", type=int, default=2, help="web processes, of four threads each (2)")
        parser.add_argument("--task-workers", type=int, default=2, help="processes for tasks (2)")

    def handle(
        self, *, host: str, port: int | None, workers: int, task_workers: int, verbosity: int, **options: Any
    ) -> None:
        self.stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        refuse_unmigrated()
        log_folder = Path(settings.DATA_DIR) / "log"
        log_folder.mkdir(parents=True, exist_ok=True)
        with only_one(Path(settings.DATA_DIR)) as lock:
            address = free_address(host, port)
            lock.write(f"{os.getpid()} http://{address}/")
            lock.flush()
            accounts = demo.accounts_table()
            connections.close_all()  # no open database handle is carried into the children
            self.run(address, workers=workers, task_workers=task_workers, log_folder=log_folder, accounts=accounts)

    def run(self, address: str, *, workers: int, task_workers: int, log_folder: Path, accounts: str) -> None:
        """Start, watch and stop the children; raises `CommandError` if one of them ends by itself."""
        programs = {
            "web": web_arguments(address, workers),
            "worker": worker_arguments(task_workers),
            "beat": beat_arguments(),
        }
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE, "PYTHONUNBUFFERED": "1"}
        children: list[Child] = []
        failure = ""
        try:
            for name, arguments in programs.items():
                log = log_folder / f"{name}.log"
                children.append(Child(name, arguments, log=log, cwd=settings.BASE_DIR, env=env))
            failure = self.wait_for_answer(address, children)
            if not failure and not self.stopping.is_set():
                self.announce(address, accounts, log_folder)
                while not failure and not self.stopping.wait(0.3):
                    failure = first_death(children)
        finally:
            self.stop(children)
        if failure:
            raise CommandError(failure)

    def wait_for_answer(self, address: str, children: list[Child]) -> str:
        """Return "" once a page comes back (or a stop is asked for), otherwise what went wrong."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if failure := first_death(children):
                return failure
            if self.stopping.wait(0.2) or answers(address):
                return ""
        web = children[0]
        return f"The web server did not answer within {START_SECONDS:.0f} s. Its last lines:\n{web.last_lines()}"

    def announce(self, address: str, accounts: str, log_folder: Path) -> None:
        if accounts:
            self.stdout.write(f"\n{accounts}")
        self.stdout.write(f"\nQalqan is at {self.style.SUCCESS(f'http://{address}/')}")
        self.stdout.write(f"Logs are in {shown(log_folder)}. Ctrl-C stops.")
        self.stdout.flush()

    def stop(self, children: list[Child]) -> None:
        """First the pages, then the clock, last the worker: nothing is queued that nobody would take."""
        self.stopping.clear()  # from now on it means a second Ctrl-C: no more patience
        for child in sorted(children, key=lambda child: STOP_ORDER.index(child.name)):
            if not child.stop(seconds=STOP_SECONDS, at_once=self.stopping):
                self.stderr.write(f"The {child.name} did not end by itself and was killed.")
        self.stdout.write("\nStopped.")

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()


def web_arguments(address: str, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", address),
        *("--workers", str(workers), "--worker-class", "gthread", "--threads", "4", "--timeout", "60"),
        *("--graceful-timeout", "5", "--access-logfile", "-", "--no-control-socket"),
    ]


def worker_arguments(task_workers: int) -> list[str]:
    # Gossip, mingling and heartbeats are for many workers that must know each other; here is one.
    return [
        *(sys.executable, "-m", "celery", "--app", "config", "worker", "--loglevel", "INFO"),
        *("--concurrency", str(task_workers), "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat_arguments() -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "config", "beat", "--loglevel", "INFO", "--pidfile", ""]


def refuse_unmigrated() -> None:
    """Raises `CommandError` if a migration is missing in the database."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `manage.py migrate` first.")


def only_one(data: Path) -> IO[str]:
    """Return the open lock of this data folder; raises `CommandError` if another `serve` holds it.

    Two of them would share one schedule and one folder of messages. The lock goes with the process.
    """
    lock = (data / "serve.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with lock:
            lock.seek(0)
            pid, _, address = lock.read().partition(" ")
        where = f"{address or 'starting'} (process {pid or 'unknown'})"
        raise CommandError(f"Qalqan already runs with these data: {where}.") from None
    lock.truncate(0)
    return lock


def free_address(host: str, port: int | None) -> str:
    """Return host:port, with the first free port if none was asked for.

    Raises `CommandError` if the port that was asked for, or every one that was tried, cannot be used.
    """
    tried = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else [port]
    for candidate in tried:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OverflowError:
                raise CommandError(f"{candidate} is no port: it must lie between 1 and 65535.") from None
            except OSError as error:
                reason = error.strerror or str(error)
                continue
        return f"[{host}]:{candidate}" if ":" in host else f"{host}:{candidate}"
    if port is None:
        raise CommandError(f"No port from {tried[0]} to {tried[-1]} can be used on {host}: {reason}.")
    raise CommandError(f"Port {port} on {host} cannot be used: {reason}. Choose another: --port, in make PORT=.")


def answers(address: str) -> bool:
    """Whether the start page comes back without a server error."""
    host, _, port = address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 (compared, not listened on)
    link = http.client.HTTPConnection(f"{host}:{port}", timeout=10)
    with suppress(OSError, http.client.HTTPException):
        link.request("GET", "/", headers={"Host": "localhost"})
        return link.getresponse().status < 500
    return False


def first_death(children: list[Child]) -> str:
    """What to say about the first child that ended by itself; "" while all run."""
    for child in children:
        if child.exit_code is not None:
            code = child.exit_code
            return f"The {child.name} ended by itself (exit code {code}). Its last lines:\n{child.last_lines()}"
    return ""


def shown(path: Path) -> str:
    """The path as short as it can be written from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
