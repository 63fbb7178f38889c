"""The Celery application. Tasks are thin; the beat schedule stands in the settings."""

import os

from celery import Celery

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

broker.install()
app = Celery("qalqan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
