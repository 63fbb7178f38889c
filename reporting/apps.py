"""How much: coverage, briefs, exports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = _("Reporting")

    def ready(self) -> None:
        from compliance import notices
        from reporting import brief_notices

        notices.register(brief_notices.FAMILY)
