"""The embedded default: one machine, no services, no variables. Used by `manage.py` and `make demo`."""

import secrets

from config.env import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR

DEBUG = env.bool("DEBUG", False)

# Made once and kept beside the database: a start must not sign everybody out.
_key_file = DATA_DIR / "secret_key"
if not _key_file.exists():
    _key_file.write_text(secrets.token_urlsafe(50), encoding="ascii")
    _key_file.chmod(0o600)
SECRET_KEY = env.str("SECRET_KEY", _key_file.read_text(encoding="ascii").strip())
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
GALLERY = True
