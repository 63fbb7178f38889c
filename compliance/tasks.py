"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from compliance import seals

logger = logging.getLogger(__name__)


@shared_task
def seal_days() -> None:
    """Seal the days that are over; a day that was missed (the machine was off) is caught up."""
    sealed = seals.seal_days(timezone.now())
    if sealed:
        logger.info("Days sealed: %s", sealed)
