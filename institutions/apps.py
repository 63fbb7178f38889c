"""Who and where: places, institutions, people and their roles, the journal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InstitutionsConfig(AppConfig):
    name = "institutions"
    verbose_name = _("Institutions and people")

    def ready(self) -> None:
        from institutions import append_only

        append_only.protect("institutions_journal")
