"""The tasks of compliance, and that beat knows them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from compliance import photos, tasks


@pytest.mark.django_db
def test_the_sweep_deletes_files_without_a_photo(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    path = photos.path_of("a" * 64)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nobody's")
    os.utime(path, (0, 0))
    tasks.sweep_photos()
    assert not path.exists()


def test_beat_sweeps_photos() -> None:
    planned = {entry["task"] for entry in project.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.sweep_photos.name in planned
