"""Thin wrappers: each calls one function, and may run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from compliance import editions, hints, periods
from institutions.clock import today
from reporting import bundles, drafts, edition_previews, publishing, sums

logger = logging.getLogger(__name__)


@shared_task
def fold_pending() -> None:
    """Add ledger rows that wait to the sums; hinted after each commit and swept by beat."""
    sums.fold()


@shared_task
def turn_day() -> None:
    """Let the register stand for today, and make the quarter that begins."""
    day = today()
    periods.ensure_periods(day)
    if sums.turn_day(day):
        logger.info("The register stands for %s", day)


@shared_task
def make_brief(*, brief: int) -> None:
    """Check and render a brief."""
    publishing.make(brief, now=timezone.now())


@shared_task
def sweep_briefs() -> None:
    """Send messages again for briefs and bundles that nobody makes."""
    now = timezone.now()
    for pk in publishing.overdue(now):
        hints.send(publishing.MAKE, brief=pk)
    for pk in bundles.overdue(now):
        hints.send(bundles.MAKE_BUNDLE, bundle=pk)


@shared_task
def make_bundle(*, bundle: int) -> None:
    """Freeze and queue the briefs of all regions, or put together those that are done."""
    bundles.make(bundle, now=timezone.now())


@shared_task
def draft_closed_quarters() -> None:
    """Make the drafts of quarters that were closed lately."""
    drafts.draft_closed(timezone.now())


@shared_task
def work_on_edition(*, edition: int) -> None:
    """Preview an edition of the Order, bring it into the ledger or out of it, whatever it waits for."""
    edition_previews.work(edition, clock=timezone.now)


@shared_task
def sweep_editions() -> None:
    """Send messages again for editions that nobody works on."""
    for pk in editions.overdue(timezone.now()):
        hints.send(editions.WORK, edition=pk)
