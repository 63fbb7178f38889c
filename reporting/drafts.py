"""The drafts that nobody has to ask for: at the close of a quarter the country's brief and those of all regions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from compliance.enums import PeriodState
from compliance.models import Period
from reporting import bundles, publishing
from reporting.enums import BriefKind
from reporting.models import Brief, BriefBundle

# In the original and in the language that most of its readers share.
LANGUAGES: Final = ("kk", "ru")
# A quarter that was closed longer ago was closed before there were drafts, or by hand in the past.
LATELY: Final = timedelta(days=30)


def draft_closed(now: datetime) -> list[str]:
    """Ask for what is missing of each quarter closed lately; the codes of those for which anything was.

    Once a close: a quarter that is opened and closed again has other figures, and gets its drafts again.
    """
    drafted = []
    for period in Period.objects.filter(state=PeriodState.CLOSED, closed_at__gte=now - LATELY).order_by("starts_on"):
        asked = False
        for language in LANGUAGES:
            made = Brief.objects.filter(
                kind=BriefKind.COUNTRY, period=period, language=language, requested_at__gte=period.closed_at
            )
            if not made.exists():
                publishing.request_brief(period, language=language, by=None, now=now)
                asked = True
        made_for_regions = BriefBundle.objects.filter(
            period=period, language=LANGUAGES[0], requested_at__gte=period.closed_at
        )
        if not made_for_regions.exists():
            bundles.request_bundle(period, language=LANGUAGES[0], by=None, now=now)
            asked = True
        if asked:
            drafted.append(period.code)
    return drafted
