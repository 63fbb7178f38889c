"""What the Order asks for and whether it is met: answers, decisions, the ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = _("Compliance")

    def ready(self) -> None:
        from institutions import append_only

        append_only.protect("compliance_statuschange")
        append_only.protect("compliance_dailyseal")
