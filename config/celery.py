"""The Celery application. Tasks are thin; the beat schedule stands in the settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("qalqan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
