"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from compliance import digests, notices, seals

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
