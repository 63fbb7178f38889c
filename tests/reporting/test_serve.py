"""`manage.py serve`: its refusals, without the children."""

import os
import socket
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from reporting.management.commands import serve


def test_a_port_that_was_asked_for_and_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refusal:
            serve.free_address("127.0.0.1", port)
    assert str(refusal.value) == (
        f"Port {port} on 127.0.0.1 cannot be used: Address already in use. Choose another: --port, in make PORT=."
    )


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(serve, "FIRST_PORT", port)
        host, _, found = serve.free_address("127.0.0.1", None).partition(":")
    assert host == "127.0.0.1"
    assert port < int(found) < port + serve.PORTS_TRIED


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(CommandError, match=r"^70000 is no port: it must lie between 1 and 65535\.$"):
        serve.free_address("127.0.0.1", 70_000)


def test_a_second_serve_on_the_same_data_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    with serve.only_one(tmp_path) as lock:
        lock.write(f"{os.getpid()} http://127.0.0.1:8000/")
        lock.flush()
        with pytest.raises(CommandError) as refusal:
            serve.only_one(tmp_path)
    assert str(refusal.value) == (
        f"Qalqan already runs with these data: http://127.0.0.1:8000/ (process {os.getpid()})."
    )
    serve.only_one(tmp_path).close()


def test_nothing_that_listens_does_not_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert not serve.answers(f"127.0.0.1:{port}")
