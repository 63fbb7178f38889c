"""The folder of messages: a reader never meets a half-written one, and survives one that is broken."""

from __future__ import annotations

from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.celery import app

QUEUE = "celery"


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    folders = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    assert app.main == "qalqan"  # importing it is what puts our transport in place
    with Connection("filesystem://localhost", transport_options=folders) as connection:
        yield connection.channel()


class ReadsWhileWritten:
    """A part of a message that looks into the folder in the middle of being written."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.found: list[object] = []

    def __json__(self) -> str:
        try:
            self.found.append(self.channel._get(QUEUE))
        except Empty:
            self.found.append(Empty)
        return "whole"


def test_a_message_is_found_once_it_is_whole(channel):
    part = ReadsWhileWritten(channel)
    channel._put(QUEUE, {"body": part})
    assert part.found == [Empty]
    assert channel._size(QUEUE) == 1
    assert channel._get(QUEUE) == {"body": "whole"}
    with pytest.raises(Empty):
        channel._get(QUEUE)


def test_a_broken_message_is_put_aside_and_the_next_is_read(channel, tmp_path):
    (tmp_path / "queue" / f"0_broken.{QUEUE}.msg").write_bytes(b"")
    channel._put(QUEUE, {"body": "whole"})
    with pytest.raises(Empty):
        channel._get(QUEUE)
    assert channel._get(QUEUE) == {"body": "whole"}


def test_a_queue_is_bound_to_its_exchange_in_one_step(channel, tmp_path, monkeypatch):
    channel._queue_bind("fold", "fold", "", "one")
    channel._queue_bind("fold", "fold", "", "two")
    channel._queue_bind("fold", "fold", "", "one")
    assert sorted(row.queue for row in channel.get_table("fold")) == ["one", "two"]
    (tmp_path / "control" / "new.exchange").write_bytes(b"")  # made a moment ago by another process
    assert channel.get_table("new") == []
