"""Messages to the workers. A message is only a hint: the tables are the queue, and a sweep finds what was lost."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
FOLD = "reporting.tasks.fold_pending"


def after_commit(task: str, **arguments: Any) -> None:
    """Send `task` once the transaction is committed; where the broker is down, say so in the log and go on."""
    transaction.on_commit(lambda: send(task, **arguments))


def send(task: str, **arguments: Any) -> None:
    try:
        current_app.send_task(task, kwargs=arguments, retry=False)
    except (OperationalError, OSError) as down:
        logger.warning("%s waits for the sweep: the broker does not answer (%s)", task, down)
