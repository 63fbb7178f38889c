"""Typed readers of the environment. A wrong value stops the start with the variable's name.

Every variable that Qalqan reads is read here or in a settings module through `env`:

| variable | meaning | default |
|---|---|---|
| DATABASE_URL | database | SQLite in the data folder |
| REDIS_URL | Celery's broker and the cache | file-system broker, cache in files |
| QALQAN_DATA_DIR | where everything that runs is written | .var |
| CONFIRM_WITHIN_DAYS | days after a quarter's end until which a confirmation is on time | 5 |
| SECRET_KEY, ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS | production only | required there |
"""

from environs import Env

env = Env()
env.read_env(recurse=False)
