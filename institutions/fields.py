"""Columns that follow from another one of their row."""

from __future__ import annotations

from typing import Any

from django.db import models

from institutions.names import SORT_KEY_LENGTH, sort_key_kk


class KazakhSortKeyField(models.CharField):  # type: ignore[type-arg]
    """By which rows stand in the order of the Kazakh alphabet (`names.sort_key_kk`), made of the column `source`.

    Made whenever the row is saved whole: nobody has to remember it. An `update()` of the source has to name both.
    """

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        self.source = source
        own: dict[str, Any] = {"max_length": SORT_KEY_LENGTH, "editable": False, "default": ""}
        super().__init__(*args, **own | options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = sort_key_kk(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, key)
        return key
