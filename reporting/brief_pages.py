"""What the page of a brief shows of its snapshot: headlines, the lines of one measure, a sheet's counts and items,
findings, each figure's door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance.citation import cite
from compliance.enums import Measure, Scope, Status
from institutions.enums import Kind
from reporting.brief.checks_words import CHECKS, title_of
from reporting.brief.comparison_composing import points, signed
from reporting.brief.comparison_facts import WHOLE, Comparison
from reporting.brief.facts import Measure as MeasureFigures
from reporting.brief.facts import Place, Snapshot
from reporting.brief.imprint import EXPLAINED, FAILED, PASSED, WARNED
from reporting.brief.sheet_facts import ALL as EVERY
from reporting.brief.sheet_facts import STATUSES, Chapter, Item, Sheet, items_of
from reporting.coverage import ALL
from reporting.enums import BriefKind, BriefState
from reporting.gate import GateRule
from reporting.integrity import Rule
from reporting.models import Brief
from reporting.percent import percent
from reporting.sheet_checks import SheetRule
from reporting.verification import Answer

# The ways of a comparison, and whether each adds to the covered or takes from them.
_SIGNS: Final = {"gained": 1, "joined": 1, "lost": -1, "left": -1}


@dataclass(frozen=True, slots=True)
class Figure:
    """How many of how many; `door` is the address of the institutions behind it, without the part."""

    covered: int
    total: int
    door: str

    @property
    def percent(self) -> int | None:
        return percent(self.covered, self.total)

    @property
    def missing(self) -> int:
        return self.total - self.covered


@dataclass(frozen=True, slots=True)
class Line:
    """A measure or a place, with its figures: all kinds together, then each kind. `code` names a measure."""

    label: str
    figures: list[Figure]
    code: str = ""


@dataclass(frozen=True, slots=True)
class BriefFigures:
    """The headlines of all measures, and the lines by place of the one that is looked at."""

    headlines: list[Line]
    measure: Line
    lines: list[Line]

    @classmethod
    def of(cls, brief: Brief, measure: str) -> Self:
        """`measure` is a code; the first one stands in for any other word. Of a comparison: of its later quarter."""
        measures: list[MeasureFigures] = (brief.snapshot["after"] if brief.against_id else brief.snapshot)["measures"]
        base = reverse("reporting:brief_records", args=[brief.pk])
        headlines = [_headline(figures, base) for figures in measures]
        at = next((at for at, figures in enumerate(measures) if figures["code"] == measure), 0)
        looked_at = measures[at]
        places = brief.snapshot["places"][looked_at["scope"]]
        return cls(headlines, headlines[at], [_line(looked_at, place, base) for place in places])


@dataclass(frozen=True, slots=True)
class Step:
    """One number of the way between two quarters, as it is shown; `door` is the address of its institutions."""

    shown: str
    door: str


@dataclass(frozen=True, slots=True)
class ComparedMeasure:
    """A measure of a comparison: before, gained, joined, lost, left, after; and the points of percent between."""

    label: str
    steps: list[Step]
    points: str


def _figure(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def compared_of(brief: Brief) -> list[ComparedMeasure]:
    """How each measure came from the earlier quarter to the later one."""
    comparison: Comparison = brief.snapshot
    base = reverse("reporting:brief_records", args=[brief.pk])
    found = []
    for before, after in zip(comparison["before"]["measures"], comparison["after"]["measures"], strict=True):
        code, span = after["code"], comparison["bridges"][after["code"]][WHOLE]
        change = points(before["headline"][ALL], after["headline"][ALL])
        asked = [
            (_figure(span["before"]), {"part": "covered", "at": "before"}),
            *((signed(span[way] * sign, _figure), {"part": way}) for way, sign in _SIGNS.items()),  # type: ignore[literal-required]
            (_figure(span["after"]), {"part": "covered"}),
        ]
        found.append(
            ComparedMeasure(
                str(Measure(code).label).capitalize(),
                [Step(shown, _door(base, {"measure": code} | door)) for shown, door in asked],
                "–" if change is None else signed(change),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many obliged items of a sheet have a status (or have any); `door` is the address of their list."""

    part: str
    label: str
    number: int
    door: str


def sheet_counts_of(brief: Brief) -> list[StatusCount]:
    """The counts of a sheet, all first."""
    sheet: Sheet = brief.snapshot
    base = reverse("reporting:brief_records", args=[brief.pk])
    labels = {EVERY: _("all")} | {status: str(Status(status).label) for status in STATUSES}
    return [
        StatusCount(part, label, sheet["counts"][part], _door(base, {"part": part})) for part, label in labels.items()
    ]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a sheet as the page lists it, in the person's language; `proof` is empty where there is none."""

    chapter: str
    title: str
    citation: str
    status: str
    since: date | None
    approved_on: date | None
    valid_until: date | None
    proof: str


def shown_items(brief: Brief, items: list[Item]) -> list[ShownItem]:
    """`items` of the brief's sheet, in its order."""
    sheet: Sheet = brief.snapshot
    chapters = {item["code"]: chapter for chapter in sheet["chapters"] for item in chapter["items"]}
    shown = []
    for item in items:
        answer = item["answer"]
        proof = answer and answer["proof"]
        shown.append(
            ShownItem(
                chapter=_title(chapters[item["code"]]),
                title=_title(item),
                citation=cite(item["paragraph"]),
                status=item["status"],
                since=_date(item["since"]),
                approved_on=_date(answer and answer["approved_on"]),
                valid_until=_date(answer and answer["valid_until"]),
                proof=f"№ {proof['number']}, {proof['issuer']}, {_day(proof['issued_on'])}" if proof else "",
            )
        )
    return shown


def _title(titled: Item | Chapter) -> str:
    return {"ru": titled["title_ru"], "en": titled["title_en"]}.get(get_language() or "kk", titled["title_kk"])


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A contradiction for which a brief was refused, in words."""

    rule: str
    measure: str
    kind: str
    place: str
    printed: str
    expected: str
    message: str


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str | int
    help: str = ""


def facts_of(brief: Brief) -> list[Fact]:
    """Of the brief itself: number, date, who asked, and the file."""
    facts = [
        Fact(_("Number"), brief.number),
        Fact(_("About"), _about(brief)),
        Fact(_("Date"), date_format(brief.dated_on, "SHORT_DATE_FORMAT")),
        Fact(_("Language"), str(dict(settings.LANGUAGES)[brief.language])),
        Fact(_("Asked for by"), str(brief.requested_by or "–")),
    ]
    if brief.file_hash:
        facts += [
            Fact(_("Pages"), brief.pages or "–"),
            Fact(_("Signed by"), brief.signer or _("not signed")),
            Fact(_("Code of verification"), brief.code),
            Fact(_("SHA-256 of the file"), brief.file_hash),
        ]
    return facts


def facts_for_strangers(answer: Answer) -> list[Fact]:
    """What anybody may know of a brief that was verified: nothing that it counts, nobody who asked for or read it."""
    brief = answer.brief
    if brief is None:
        return []
    facts = [
        Fact(_("Number"), brief.number),
        Fact(_("Date"), date_format(brief.dated_on, "SHORT_DATE_FORMAT")),
        Fact(_("About"), _about(brief)),
        Fact(
            _("Quarter"),
            _("%(year)s, quarter %(quarter)s") % {"year": brief.period.year, "quarter": brief.period.quarter},
        ),
        Fact(_("Language"), str(dict(settings.LANGUAGES)[brief.language])),
        Fact(_("Signed by"), brief.signer or _("not signed")),
    ]
    if brief.published_at:
        facts.append(Fact(_("In force since"), _moment(brief.published_at)))
    if brief.superseded_by:
        facts.append(Fact(_("Superseded by"), brief.superseded_by.number))
    if brief.withdrawn_at:
        facts.append(Fact(_("Withdrawn"), _moment(brief.withdrawn_at), brief.withdrawal_reason))
    if answer.copied_at:
        facts.append(Fact(_("A reader's copy of"), _moment(answer.copied_at)))
    facts.append(Fact(_("SHA-256 of the file that was issued"), brief.file_hash))
    if answer.digest and answer.digest != brief.file_hash:
        facts.append(Fact(_("SHA-256 of the file that was shown"), answer.digest))
    return facts


def _about(brief: Brief) -> str:
    if brief.institution:
        return f"{brief.institution.name}, {_('BIN')} {brief.institution.bin}"
    return brief.region.name if brief.region else brief.get_kind_display()


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def snapshot_facts_of(brief: Brief) -> list[Fact]:
    """Of what was frozen: which day, which knowledge, how many institutions, and the hash that names it."""
    if brief.kind == BriefKind.INSTITUTION:
        return _sheet_facts(brief)
    if brief.kind == BriefKind.COMPARISON:
        return _comparison_facts(brief)
    snapshot: Snapshot = brief.snapshot
    return [
        Fact(_("As of"), _day(snapshot["as_of"])),
        Fact(_("As known on"), _day(snapshot["known_on"])),
        Fact(_("Institutions"), snapshot["institutions"][Scope.NATIONAL.value][ALL]),
        Fact(_("of them in the 25 large cities"), snapshot["institutions"][Scope.LARGE_CITIES.value][ALL]),
        Fact(_("In capital repair, not counted"), len(snapshot["notes"]["capital_repair"])),
        Fact(_("Exceptions granted"), len(snapshot["notes"]["exceptions"])),
        Fact(_("Rows of the ledger"), snapshot["ledger"]["rows"]),
        Fact(_("SHA-256 of the snapshot"), brief.snapshot_hash),
    ]


def _comparison_facts(brief: Brief) -> list[Fact]:
    comparison: Comparison = brief.snapshot
    before, after = comparison["before"], comparison["after"]
    return [
        Fact(_("As of"), f"{_day(before['as_of'])} – {_day(after['as_of'])}"),
        Fact(_("As known on"), f"{_day(before['known_on'])} – {_day(after['known_on'])}"),
        Fact(_("SHA-256 of the snapshot"), brief.snapshot_hash),
    ]


def _sheet_facts(brief: Brief) -> list[Fact]:
    sheet: Sheet = brief.snapshot
    return [
        Fact(_("As of"), _day(sheet["as_of"])),
        Fact(_("As known on"), _day(sheet["known_on"])),
        Fact(_("BIN"), sheet["institution"]["bin"]),
        Fact(_("Facility group"), sheet["institution"]["group"], _("by headcount and settlement, Order No. 117")),
        Fact(_("Requirements on the list"), len(items_of(sheet))),
        Fact(_("Rows of the institution’s ledger"), sheet["ledger"]["rows"]),
        Fact(_("Hash of the last row"), sheet["ledger"]["hash"]),
        Fact(_("SHA-256 of the snapshot"), brief.snapshot_hash),
    ]


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")


def findings_of(brief: Brief) -> list[ShownFinding]:
    rules = _labels(Rule) | _labels(GateRule) | _labels(SheetRule)
    return [
        ShownFinding(
            rule=rules.get(finding["rule"], finding["rule"]),
            measure=str(_labels(Measure).get(finding["measure"], finding["measure"])),
            kind=_("all kinds") if finding["kind"] == ALL else _labels(Kind).get(finding["kind"], finding["kind"]),
            place=place_name(brief.snapshot, finding["place"]),
            printed=finding["printed"],
            expected=finding["expected"],
            message=finding["message"],
        )
        for finding in brief.findings
    ]


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One check of the gate as the page lists it."""

    title: str
    compared: int
    result: str
    tone: str


def checks_of(brief: Brief) -> list[ShownCheck]:
    """How the gate's checks came out, in the person's language."""
    language = get_language() or "kk"
    tones = {PASSED: "good", WARNED: "warn", EXPLAINED: "info", FAILED: "bad"}
    return [
        ShownCheck(
            title_of(check["code"], language),
            check["compared"],
            CHECKS[language].results.get(check["state"]) or _("contradictions: %(n)s") % {"n": check["findings"]},
            tones[check["state"]],
        )
        for check in brief.checks
    ]


def unexplained(brief: Brief) -> list[str]:
    """Measures that have jumped and wait for somebody's words."""
    if brief.state != BriefState.REFUSED:
        return []
    explained = {one["measure"] for one in brief.explanations}
    asked = dict.fromkeys(finding["measure"] for finding in brief.findings if finding["rule"] == GateRule.JUMP)
    return [measure for measure in asked if measure not in explained]


def place_name(snapshot: Mapping[str, Any], code: str) -> str:
    """A place's name in the person's language as it was when the brief was made; the code where it has none."""
    for places in snapshot.get("places", {}).values():
        for place in places:
            if place["place"] == code:
                return _name(place)
    return code


def _labels(choices: type[TextChoices]) -> dict[str, str]:
    return {choice.value: str(choice.label) for choice in choices}


def _name(place: Place) -> str:
    in_language = {"ru": place.get("name_ru"), "en": place.get("name_en")}.get(get_language() or "kk")
    return in_language or place["name_kk"]


def _door(base: str, asked: Mapping[str, str]) -> str:
    return f"{base}?{urlencode({name: value for name, value in asked.items() if value})}"


def _headline(figures: MeasureFigures, base: str) -> Line:
    code = figures["code"]
    return Line(
        str(Measure(code).label).capitalize(),
        [
            Figure(
                figures["headline"][kind]["covered"],
                figures["headline"][kind]["total"],
                _door(base, {"measure": code, "kind": "" if kind == ALL else kind}),
            )
            for kind in (ALL, *Kind.values)
        ],
        code,
    )


def _line(figures: MeasureFigures, place: Place, base: str) -> Line:
    code = place["place"]
    of_kinds = {kind: next(line for line in figures["lines"][kind] if line["place"] == code) for kind in Kind.values}
    asked = {"measure": figures["code"], "place": code}
    every = Figure(
        sum(line["covered"] for line in of_kinds.values()),
        sum(line["total"] for line in of_kinds.values()),
        _door(base, asked),
    )
    return Line(
        _name(place),
        [
            every,
            *(
                Figure(line["covered"], line["total"], _door(base, asked | {"kind": kind}))
                for kind, line in of_kinds.items()
            ),
        ],
    )
