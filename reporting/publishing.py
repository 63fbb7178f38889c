"""A brief from the wish for it to the file: asked for, checked against itself, rendered, or refused with reasons."""

from __future__ import annotations

import hashlib
import logging
from datetime import date, datetime, timedelta

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from compliance import hints
from compliance.enums import Measure
from compliance.models import Period
from institutions import journal
from institutions.clock import local_day
from institutions.models import Institution, LargeCity, User
from institutions.querysets import InstitutionQuerySet
from reporting import attachments, integrity, rendering, snapshot, sums
from reporting.brief.composing import compose
from reporting.brief.facts import Snapshot
from reporting.brief.reading import printed_headlines, printed_lines
from reporting.coverage import Part
from reporting.enums import UNFINISHED, BriefScope, BriefState
from reporting.models import Brief

logger = logging.getLogger(__name__)
MAKE = "reporting.tasks.make_brief"
# A worker that has not finished by then was killed; somebody else may take the brief over.
PATIENCE = timedelta(minutes=5)


class SnapshotMoved(Exception):
    """Figures and records were taken while something was being counted, several times in a row."""


def request_brief(period: Period, *, language: str, by: User | None, now: datetime) -> Brief:
    """Freeze the figures and queue the making of the brief; the same figures are the same brief, number and date.

    A brief that failed is queued again. Raises `snapshot.PeriodNotReady`.
    """
    taken = _take(period, language=language, today=local_day(now))
    with transaction.atomic():
        brief = _same(period, language, taken.digest) or _number(period, language, taken, by=by, now=now)
        if brief.state == BriefState.FAILED:
            Brief.objects.filter(pk=brief.pk, state=BriefState.FAILED).update(
                state=BriefState.QUEUED, progress=0, error="", claimed_at=None, finished_at=None
            )
            brief.refresh_from_db()
        if brief.state == BriefState.QUEUED:
            hints.after_commit(MAKE, brief=brief.pk)
    return brief


def make(brief_pk: int, *, now: datetime) -> Brief | None:
    """Check and render a queued brief; return it, or None where somebody else makes it or it is done.

    Safe to run twice: the claim is a conditional update, and the file is a function of the snapshot.
    """
    claimed = (
        Brief.objects.filter(pk=brief_pk, state__in=sorted(UNFINISHED))
        .filter(Q(claimed_at=None) | Q(claimed_at__lt=now - PATIENCE))
        .update(state=BriefState.CHECKING, progress=10, claimed_at=now)
    )
    if not claimed:
        return None
    brief = Brief.objects.get(pk=brief_pk)
    try:
        _make(brief, now=now)
    except Exception as failure:
        logger.exception("Brief %s could not be made", brief.number)
        _finish(brief, now=now, state=BriefState.FAILED, error=f"{type(failure).__name__}: {failure}")
    return brief


def overdue(now: datetime) -> list[int]:
    """Keys of briefs that wait for a worker: never claimed (a lost message), or claimed by one that is gone."""
    waiting = Brief.objects.unfinished().filter(
        Q(claimed_at=None, requested_at__lt=now - timedelta(seconds=5)) | Q(claimed_at__lt=now - PATIENCE)
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def check(figures: Snapshot, kept: snapshot.Records, *, number: str, day: date) -> list[integrity.Finding]:
    """All contradictions of a brief, read from its finished words and held against the records behind it."""
    document = compose(figures, number=number, date=day)
    return integrity.check(
        printed_lines(document),
        printed_headlines(document),
        records=snapshot.figures_of(kept),
        city_lines_region=dict(LargeCity.objects.values_list("line", "region__code")),
    )


def records_of(
    brief: Brief,
    measure: Measure,
    *,
    place: str | None = None,
    kind: str | None = None,
    part: Part = Part.TOTAL,
) -> InstitutionQuerySet:
    """The institutions behind a figure of a brief, frozen with it: exactly as many as it prints."""
    wanted: list[int] = []
    for group, institutions in brief.records.get(measure.value, {}).items():
        region, line, its_kind, _obliged, status = group.split("|")
        if (
            (place is None or place in (region, line))
            and (kind is None or kind == its_kind)
            and status in part.statuses
        ):
            wanted += institutions
    return Institution.objects.filter(pk__in=wanted)


def _take(period: Period, *, language: str, today: date) -> snapshot.Taken:
    """A snapshot whose figures and records agree: taken again where somebody wrote in between."""
    for _attempt in range(3):
        sums.fold()
        taken = snapshot.take(period, language=language, today=today)
        counted = {
            (measure["code"], kind, line["place"]): (line["total"], line["covered"])
            for measure in taken.snapshot["measures"]
            for kind, lines in measure["lines"].items()
            for line in lines
            if line["total"]
        }
        if counted == {key: pair for key, pair in snapshot.figures_of(taken.records).items() if pair[0]}:
            return taken
    raise SnapshotMoved(period.code)


def _same(period: Period, language: str, digest: str) -> Brief | None:
    return Brief.objects.filter(
        scope=BriefScope.COUNTRY, period=period, language=language, snapshot_hash=digest
    ).first()


def _number(period: Period, language: str, taken: snapshot.Taken, *, by: User | None, now: datetime) -> Brief:
    """A new brief with the next number of its quarter. Of two who ask at once for the same, both get one brief."""
    while True:
        sequence = (Brief.objects.filter(period=period).aggregate(top=Max("sequence"))["top"] or 0) + 1
        try:
            with transaction.atomic():
                brief = Brief.objects.create(
                    period=period,
                    language=language,
                    number=f"117-{period.year}-{period.quarter}/{sequence}",
                    sequence=sequence,
                    dated_on=local_day(now),
                    snapshot=taken.snapshot,
                    snapshot_hash=taken.digest,
                    records=taken.records,
                    requested_by=by,
                    requested_at=now,
                )
        except IntegrityError:  # somebody was faster with this number, or with this very brief
            same = _same(period, language, taken.digest)
            if same is not None:
                return same
            continue
        journal.write("brief.request", brief, by=by, after={"number": brief.number, "period": period.code}, now=now)
        return brief


def _make(brief: Brief, *, now: datetime) -> None:
    findings = check(brief.snapshot, brief.records, number=brief.number, day=brief.dated_on)
    if findings:
        _finish(brief, now=now, state=BriefState.REFUSED, findings=[_plain(finding) for finding in findings])
        return
    _step(brief, BriefState.RENDERING, 30)
    html = rendering.render_html(brief.snapshot, number=brief.number, date=brief.dated_on)
    data = attachments.data_files(brief.snapshot, number=brief.number, date=brief.dated_on)
    pdf = rendering.render_pdf(html, attachments=data)
    _step(brief, BriefState.RENDERING, 90)
    digest = hashlib.sha256(pdf.data).hexdigest()
    name = f"{brief.period.code}-{brief.language}-{brief.sequence}-{digest[:16]}.pdf"
    if not brief.file.storage.exists(f"briefs/{name}"):
        brief.file.save(name, ContentFile(pdf.data), save=False)
    else:
        brief.file.name = f"briefs/{name}"
    _finish(
        brief,
        now=now,
        state=BriefState.READY,
        file=brief.file.name,
        file_hash=digest,
        pages=pdf.pages,
    )


def _plain(finding: integrity.Finding) -> dict[str, str]:
    return {name: str(value) for name, value in finding.as_dict().items()}


def _step(brief: Brief, state: BriefState, progress: int) -> None:
    Brief.objects.filter(pk=brief.pk).update(state=state, progress=progress)
    brief.state, brief.progress = state, progress


def _finish(brief: Brief, *, now: datetime, state: BriefState, **values: object) -> None:
    with transaction.atomic():
        Brief.objects.filter(pk=brief.pk).update(state=state, progress=100, finished_at=now, **values)
        brief.refresh_from_db()
        journal.write(f"brief.{state.value}", brief, by=None, after={"hash": brief.file_hash}, now=now)
