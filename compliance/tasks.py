"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from compliance import hints, photos
from compliance.imports import applying, running


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
    """Delete files that belong to no photo any more."""
    photos.sweep(timezone.now())
