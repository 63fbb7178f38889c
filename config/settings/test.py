"""The test suites. SQLite and eager-free Celery by default; DATABASE_URL and REDIS_URL switch to services."""

import os
import tempfile

# Before base is read: a test never touches the data folder of a running site.
os.environ.setdefault("QALQAN_DATA_DIR", tempfile.mkdtemp(prefix="qalqan-test-"))

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import REDIS_URL, STORAGES  # noqa: E402

SECRET_KEY = "test"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
GALLERY = True
ALLOWED_HOSTS = ["*"]
if not REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
