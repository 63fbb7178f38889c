"""What an institution's sheet is told: the shape of its `Brief.snapshot`, schema 2."""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

from reporting.brief.facts import DaySeal, Period

MET: Final = "met"
PARTLY_MET: Final = "partly_met"
NOT_MET: Final = "not_met"
UNKNOWN: Final = "unknown"
NOT_APPLICABLE: Final = "not_applicable"
# In the order in which they are counted and printed.
STATUSES: Final = (MET, PARTLY_MET, NOT_MET, UNKNOWN, NOT_APPLICABLE)
ALL: Final = "all"


class About(TypedDict):
    """The institution on the sheet's day. `group` is its facility group by the Order, `people` staff and learners.
    Its names and address are those of the day on which the sheet was asked for: they have no dates."""

    bin: str
    name_kk: str
    name_ru: str
    kind: str
    ownership: str
    lifecycle: str
    region_kk: str
    region_ru: str
    region_en: str
    locality_kk: str
    locality_ru: str
    address_kk: str
    address_ru: str
    people: int
    group: int


class Edition(TypedDict):
    """The wording of the Order that was in force on the sheet's day."""

    code: str
    in_force_from: str


class Proof(TypedDict):
    """A reference to the document that proves an answer."""

    number: str
    issuer: str
    issued_on: str


class GivenAnswer(TypedDict):
    """The approved answer that held on the sheet's day, or had held until its end. Days are ISO texts."""

    status: str
    effective_on: str
    approved_on: str
    valid_until: str | None
    proof: Proof | None


class Item(TypedDict):
    """One requirement on the list. Not `obliged`: only the ministry's report counts it. `status` is what the ledger
    says; `since` the day from which the answer, or its end, has made it so."""

    code: str
    paragraph: str
    title_kk: str
    title_ru: str
    title_en: str
    obliged: bool
    status: str
    since: str | None
    answer: GivenAnswer | None


class Chapter(TypedDict):
    """A chapter of the Order with the items of the list, both in the order of the Order."""

    code: str
    title_kk: str
    title_ru: str
    title_en: str
    items: list[Item]


class LedgerEnd(TypedDict):
    """The institution's chain as it was known: how many rows, and the hash of the last."""

    rows: int
    hash: str


class Sheet(TypedDict):
    """`Brief.snapshot` of an institution's sheet. `counts` are of the obliged items: status → how many, and "all"."""

    schema: int
    scope: dict[str, str]
    lang: str
    period: Period
    as_of: str
    known_on: str
    institution: About
    edition: Edition
    chapters: list[Chapter]
    counts: dict[str, int]
    ledger: LedgerEnd
    seal: NotRequired[DaySeal | None]


def items_of(sheet: Sheet) -> list[Item]:
    """All items, chapter by chapter."""
    return [item for chapter in sheet["chapters"] for item in chapter["items"]]


def items_behind(sheet: Sheet, part: str) -> list[Item]:
    """The items that a figure counts: the obliged ones of a status, or all of them."""
    return [item for item in items_of(sheet) if item["obliged"] and part in (ALL, item["status"])]
