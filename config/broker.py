"""Celery's folder of messages, made safe for a writer and a reader at the same moment.

Kombu's own transport opens the file under its final name and then fills it. A worker that polls in between takes an
empty message, ends with a JSON error, and with it everything that `serve` runs.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # two stubs, two names
        """Write beside and rename: under the name that readers look for the message is always whole."""
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}"
        folder = Path(self.data_folder_out)
        part = folder / f"{name}.part"
        try:
            part.write_text(dumps(payload), encoding="utf-8")
            os.replace(part, folder / f"{name}.{queue}.msg")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ChannelError(f"Cannot add a message to {str(folder)!r}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message; a broken one is dropped, since the sweeps find what it told of."""
        try:
            return super()._get(queue)
        except ValueError:
            logger.warning("A broken message of the queue %s was dropped.", queue)
            raise Empty from None

    def get_table(self, exchange: str) -> Any:
        """The queues of an exchange; none, where another process is just making its file."""
        try:
            return super().get_table(exchange)
        except ValueError:
            return []


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:{Transport.__name__}"
