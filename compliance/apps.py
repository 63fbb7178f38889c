"""What the Order asks for and whether it is met: answers, decisions, the ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = _("Compliance")

    def ready(self) -> None:
        from compliance import checks  # noqa: F401 (registers itself)
        from compliance.enums import Measure, ReturnReason, Side
        from institutions import append_only, journal_words

        append_only.protect("compliance_statuschange")
        append_only.protect("compliance_dailyseal")
        append_only.protect("compliance_comment")
        journal_words.teach("reason", ReturnReason)
        journal_words.teach("side", Side)
        journal_words.teach("measure", Measure)
