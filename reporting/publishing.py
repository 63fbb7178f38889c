"""A brief from the wish for it to the file: asked for, checked against itself, rendered, or refused with reasons."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from compliance import hints, seals
from compliance.enums import Measure
from compliance.models import Period
from institutions import journal
from institutions.clock import local_day
from institutions.models import Institution, LargeCity, Region, User
from institutions.querysets import InstitutionQuerySet
from reporting import comparisons, gate, integrity, kinds, publication, records, rendering, sheets, snapshot, sums
from reporting.brief.annex_words import ANNEX
from reporting.brief.comparison_facts import WAYS, sides_of
from reporting.brief.imprint import Imprint
from reporting.coverage import COUNTRY, Part
from reporting.enums import UNFINISHED, BriefKind, BriefState
from reporting.models import Brief
from reporting.signing import Signer, configured_signer

logger = logging.getLogger(__name__)
MAKE = publication.MAKE
# A worker that has not finished by then was killed; somebody else may take the brief over.
PATIENCE = timedelta(minutes=5)
# More contradictions than these say no more.
FEW: Final = 200


class SnapshotMoved(Exception):
    """Figures and records were taken while something was being counted, several times in a row."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a brief is about: the country, a region, an institution, or the country's quarter against an earlier one."""

    kind: BriefKind = BriefKind.COUNTRY
    region: Region | None = None
    institution: Institution | None = None
    against: Period | None = None

    @classmethod
    def of_region(cls, region: Region) -> Self:
        return cls(BriefKind.REGION, region=region)

    @classmethod
    def of_institution(cls, institution: Institution) -> Self:
        return cls(BriefKind.INSTITUTION, institution=institution)

    @classmethod
    def comparison(cls, against: Period) -> Self:
        return cls(BriefKind.COMPARISON, against=against)

    @property
    def code(self) -> str:
        """In one word, as in `Brief.subject`."""
        if self.region:
            return self.region.code
        if self.institution:
            return self.institution.bin
        return f"{COUNTRY}/{self.against.code}" if self.against else COUNTRY


NATION: Final = Subject()


def request_brief(period: Period, *, language: str, by: User | None, now: datetime, subject: Subject = NATION) -> Brief:
    """Freeze the figures and queue the making of the brief; the same figures are the same brief, number and date.

    A brief that failed is queued again. Raises `snapshot.PeriodNotReady` and `SnapshotMoved`.
    """
    if period.closed_on is not None:
        seals.seal_days(now)  # the brief names the newest seal; made before that was there, it would be another later
    taken = _take(period, subject, language=language, today=local_day(now))
    with transaction.atomic():
        brief = _same(period, subject, language, taken.digest) or _number(
            period, subject, language, taken, by=by, now=now
        )
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


def records_of(
    brief: Brief,
    measure: Measure,
    *,
    place: str | None = None,
    kind: str | None = None,
    ownership: str | None = None,
    obliged_only: bool = False,
    part: str = Part.TOTAL,
    earlier: bool = False,
) -> InstitutionQuerySet:
    """The institutions behind a figure of a brief, frozen with it: exactly as many as it prints.

    Of a comparison `part` may be a way (gained, joined, lost, left), and `earlier` asks for the earlier quarter.
    """
    then, now = sides_of(brief.records)
    if part in WAYS:
        between = records.on_the_way(then, now, measure.value, part, place=place, kind=kind)
        return Institution.objects.filter(pk__in=between)
    wanted = records.behind(
        then if earlier else now,
        measure.value,
        Part(part).statuses,
        place=place,
        kind=kind,
        ownership=ownership,
        obliged_only=obliged_only,
    )
    return Institution.objects.filter(pk__in=wanted)


def _take(period: Period, subject: Subject, *, language: str, today: date) -> snapshot.Taken:
    """A snapshot whose figures and records agree: taken again where somebody wrote in between."""
    for _attempt in range(3):
        sums.fold()
        if subject.institution:
            taken = sheets.take(subject.institution, period, language=language, today=today)
            agreed = sheets.agrees(taken)
        elif subject.against:
            taken = comparisons.take(period, subject.against, language=language, today=today)
            agreed = comparisons.agrees(taken)
        else:
            taken = snapshot.take(period, region=subject.region, language=language, today=today)
            agreed = snapshot.agrees(taken)
        if agreed:
            return taken
    raise SnapshotMoved(period.code)


def _same(period: Period, subject: Subject, language: str, digest: str) -> Brief | None:
    return Brief.objects.filter(
        kind=subject.kind, subject=subject.code, period=period, language=language, snapshot_hash=digest
    ).first()


def _number(
    period: Period, subject: Subject, language: str, taken: snapshot.Taken, *, by: User | None, now: datetime
) -> Brief:
    """A new brief with the next number of its quarter. Of two who ask at once for the same, both get one brief."""
    signer = configured_signer()
    while True:
        sequence = (Brief.objects.filter(period=period).aggregate(top=Max("sequence"))["top"] or 0) + 1
        try:
            with transaction.atomic():
                brief = Brief.objects.create(
                    kind=subject.kind,
                    subject=subject.code,
                    region=subject.region,
                    institution=subject.institution,
                    against=subject.against,
                    period=period,
                    language=language,
                    number=f"117-{period.year}-{period.quarter}/{sequence}",
                    sequence=sequence,
                    dated_on=local_day(now),
                    snapshot=taken.snapshot,
                    snapshot_hash=taken.digest,
                    records=taken.records,
                    official_use=taken.official_use,
                    site=settings.SITE_URL,
                    signer=signer.name if signer else "",
                    requested_by=by,
                    requested_at=now,
                )
        except IntegrityError:  # somebody was faster with this number, or with this very brief
            same = _same(period, subject, language, taken.digest)
            if same is not None:
                return same
            continue
        journal.write(
            "brief.request",
            brief,
            by=by,
            institution=subject.institution,
            after={"number": brief.number, "period": period.code, "subject": brief.subject},
            now=now,
        )
        return brief


def _make(brief: Brief, *, now: datetime) -> None:
    """Through the gate, to paper, under the seal; each step is a function of the brief's frozen row."""
    outcome = kinds.check(
        brief.snapshot,
        brief.records,
        brief.imprint,
        city_lines_region=dict(LargeCity.objects.values_list("line", "region__code")),
    )
    brief.checks = [asdict(result) for result in outcome.results]
    Brief.objects.filter(pk=brief.pk).update(checks=brief.checks)
    if outcome.findings:
        findings = [_plain(finding) for finding in outcome.findings[:FEW]]
        _finish(brief, now=now, state=BriefState.REFUSED, findings=findings)
        return
    _step(brief, BriefState.RENDERING, 30)
    imprint = brief.imprint
    html = rendering.render_html(brief.snapshot, imprint)
    page = gate.check_page(html, kinds.compose(brief.snapshot, imprint))
    if page.findings:
        _finish(brief, now=now, state=BriefState.REFUSED, findings=[_plain(one) for one in page.findings[:FEW]])
        return
    pdf = to_paper(html, brief.snapshot, imprint)
    unsigned = _keep(brief, pdf.data)
    signed = unsigned
    if brief.signer:
        _step(brief, BriefState.SIGNING, 90)
        signed = _keep(brief, signer_of(brief).sign(pdf.data))
    _finish(
        brief,
        now=now,
        state=BriefState.READY,
        file=signed.name,
        file_hash=signed.digest,
        unsigned=unsigned.name if brief.signer else "",
        unsigned_hash=unsigned.digest,
        pages=pdf.pages,
        findings=[],
    )


def remake(figures: Mapping[str, Any], imprint: Imprint) -> rendering.Pdf:
    """The unsigned file: whoever has snapshot and imprint, as they are attached to it, makes the same bytes."""
    return to_paper(rendering.render_html(figures, imprint), figures, imprint)


def to_paper(html: str, figures: Mapping[str, Any], imprint: Imprint) -> rendering.Pdf:
    """The page as the unsigned file, with the data attached and a place for the seal where one is to be set."""
    return rendering.render_pdf(
        html,
        attachments=kinds.data_files(figures, imprint),
        seal=f"{ANNEX[figures['lang']].seal_title}: {imprint.signer}" if imprint.signer else "",
    )


class SignerGone(Exception):
    """The brief was numbered under a seal that is no longer configured; it can be made again once it is."""


def signer_of(brief: Brief) -> Signer:
    """Whose seal the brief bears. Raises `SignerGone`."""
    signer = configured_signer()
    if signer is None or signer.name != brief.signer:
        raise SignerGone(brief.signer)
    return signer


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    digest: str


def _keep(brief: Brief, data: bytes) -> _Kept:
    """Store a file under its content's hash, once."""
    digest = hashlib.sha256(data).hexdigest()
    name = f"briefs/{brief.period.code}-{brief.language}-{brief.sequence}-{digest[:16]}.pdf"
    storage = brief.file.storage
    if not storage.exists(name):
        storage.save(name, ContentFile(data))
    return _Kept(name, digest)


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
        if state == BriefState.READY and brief.kind == BriefKind.INSTITUTION:
            publication.issue(brief, now=now)
