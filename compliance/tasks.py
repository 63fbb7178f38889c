"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from compliance import photos


@shared_task
def sweep_photos() -> None:
    """Delete files that belong to no photo any more."""
    photos.sweep(timezone.now())
