"""The briefs of all regions in one ZIP: asked for, shared out among the workers, put together when the last is done."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import zipfile
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q

from compliance import hints
from compliance.models import Period
from institutions import journal
from institutions.models import Region, User
from reporting import publishing
from reporting.enums import UNFINISHED, BriefState, BundleState
from reporting.models import Brief, BriefBundle

logger = logging.getLogger(__name__)
MAKE_BUNDLE = "reporting.tasks.make_bundle"
OPEN_STATES = (BundleState.QUEUED, BundleState.MAKING)
# The only time that a file inside the archive bears: the same briefs are the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
COLUMNS = ("number", "region", "name", "state", "file", "sha256")


@transaction.atomic
def request_bundle(period: Period, *, language: str, by: User | None, now: datetime) -> BriefBundle:
    """Queue the briefs of all regions for a quarter; one that is being made already is given back."""
    running = BriefBundle.objects.filter(period=period, language=language, state__in=OPEN_STATES).first()
    if running is not None:
        return running
    bundle = BriefBundle.objects.create(
        period=period, language=language, requested_by=by, requested_at=now, expected=Region.objects.count()
    )
    journal.write("bundle.request", bundle, by=by, after={"period": period.code, "language": language}, now=now)
    hints.after_commit(MAKE_BUNDLE, bundle=bundle.pk)
    return bundle


def make(bundle_pk: int, *, now: datetime) -> None:
    """Freeze the regions' figures and queue their briefs, then put together what is finished. Safe to run twice."""
    claimed = (
        BriefBundle.objects.filter(pk=bundle_pk, state=BundleState.QUEUED)
        .filter(Q(claimed_at=None) | Q(claimed_at__lt=now - publishing.PATIENCE))
        .update(claimed_at=now)
    )
    if claimed:
        bundle = BriefBundle.objects.select_related("period", "requested_by").get(pk=bundle_pk)
        try:
            for region in Region.objects.order_by("sort_order"):
                bundle.briefs.add(
                    publishing.request_brief(
                        bundle.period,
                        language=bundle.language,
                        by=bundle.requested_by,
                        now=now,
                        subject=publishing.Subject.of_region(region),
                    )
                )
        except Exception as failure:
            logger.exception("Bundle %s could not be made", bundle.pk)
            BriefBundle.objects.filter(pk=bundle.pk).update(
                state=BundleState.FAILED, error=f"{type(failure).__name__}: {failure}", finished_at=now
            )
            return
        BriefBundle.objects.filter(pk=bundle.pk).update(state=BundleState.MAKING)
    assemble(bundle_pk, now=now)


def assemble(bundle_pk: int, *, now: datetime) -> bool:
    """Put the finished briefs into the archive once none is being made any more; whether that is done now.

    A brief that was refused or failed is left out; the list inside says which.
    """
    bundle = BriefBundle.objects.select_related("period").filter(pk=bundle_pk, state=BundleState.MAKING).first()
    if bundle is None or bundle.briefs.filter(state__in=sorted(UNFINISHED)).exists():
        return False
    data = archive(bundle)
    digest = hashlib.sha256(data).hexdigest()
    name = f"bundles/{bundle.period.code}-{bundle.language}-{digest[:16]}.zip"
    if not bundle.file.storage.exists(name):
        bundle.file.storage.save(name, ContentFile(data))
    with transaction.atomic():
        done = BriefBundle.objects.filter(pk=bundle.pk, state=BundleState.MAKING).update(
            state=BundleState.READY, file=name, file_hash=digest, finished_at=now
        )
        if done:
            journal.write("bundle.ready", bundle, by=None, after={"hash": digest}, now=now)
    return bool(done)


def archive(bundle: BriefBundle) -> bytes:
    """The files of the finished briefs and `list.csv` of all of them. The same briefs give the same bytes."""
    listed = io.StringIO()
    rows = csv.writer(listed)
    rows.writerow(COLUMNS)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as zipped:
        for brief in in_order(bundle):
            name = ""
            if brief.state == BriefState.READY:
                name = f"{brief.number.replace('/', '-')}_{brief.subject}_{brief.language}.pdf"
                with brief.file.open("rb") as file:
                    zipped.writestr(zipfile.ZipInfo(name, _NO_TIME), file.read())
            region = brief.region.name_kk if brief.region else ""
            rows.writerow([brief.number, brief.subject, region, brief.state, name, brief.file_hash])
        zipped.writestr(zipfile.ZipInfo("list.csv", _NO_TIME), listed.getvalue().encode("utf-8-sig"))
    return whole.getvalue()


def in_order(bundle: BriefBundle) -> list[Brief]:
    """The bundle's briefs in the ministry's order of the regions."""
    return list(
        bundle.briefs.select_related("region", "period")
        .defer("snapshot", "records", "findings")
        .order_by("region__sort_order")
    )


def finished_share(bundle: BriefBundle) -> int:
    """How far a bundle is, in per cent: freezing the figures is a tenth, each brief its part of the rest."""
    if bundle.state == BundleState.READY:
        return 100
    asked = list(bundle.briefs.values_list("state", flat=True))
    done = sum(state not in UNFINISHED for state in asked)
    every = max(bundle.expected, 1)
    return min(99, 10 * len(asked) // every + 89 * done // every)


def overdue(now: datetime) -> list[int]:
    """Bundles that nobody has begun, whose worker is gone, or whose last brief is done."""
    waiting = BriefBundle.objects.filter(state__in=OPEN_STATES).filter(
        Q(state=BundleState.MAKING)
        | Q(claimed_at=None, requested_at__lt=now - timedelta(seconds=5))
        | Q(claimed_at__lt=now - publishing.PATIENCE)
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))
