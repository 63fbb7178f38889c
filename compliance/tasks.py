"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from compliance import digests, hints, kept_photos, notices, photos, seals
from compliance.imports import applying, running

logger = logging.getLogger(__name__)


@shared_task
def seal_days() -> None:
    """Seal the days that are over; a day that was missed (the machine was off) is caught up."""
    sealed = seals.seal_days(timezone.now())
    if sealed:
        logger.info("Days sealed: %s", sealed)


@shared_task
def tell_people() -> None:
    """Write the notices that are missing, and mail those that are due."""
    now = timezone.now()
    written, mailed = notices.derive(now), digests.send_due(now)
    if written or mailed:
        logger.info("Notices written: %s, mails sent: %s", written, mailed)


@shared_task
def work_on_import(*, run: int) -> None:
    """Check, apply or undo a list, whatever it waits for."""
    applying.work(run, now=timezone.now())


@shared_task
def sweep_imports() -> None:
    """Send messages again for lists that nobody works on."""
    for pk in running.overdue(timezone.now()):
        hints.send(running.WORK, run=pk)


@shared_task
def sweep_photos() -> None:
    """Delete kept photos that nobody came back for, then files that belong to no photo any more."""
    now = timezone.now()
    kept_photos.sweep(now)
    photos.sweep(now)
