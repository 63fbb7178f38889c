"""Who is told what about briefs: made, refused, to be published, in force no more; and how it reads in the inbox."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from compliance import digests, notices
from compliance.models import Notice
from institutions.models import User
from reporting.brief_notices import LOOKS
from reporting.enums import BriefNotice
from reporting.models import Brief, BriefBundle, BriefCopy
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
DAY = timedelta(days=1)
TODAY = date(2026, 5, 20)


@pytest.fixture
def analyst(fixed_now, order, places) -> User:
    return AnalystFactory().user


@pytest.fixture
def second(analyst) -> User:
    """May publish what the analyst asked for."""
    return AdministratorFactory().user


@pytest.fixture
def brief(order, analyst, fixed_now):
    """Makes briefs as the table has them; by default of the country, asked for by the analyst, ready, a draft."""

    def make(number: int = 1, **fields: Any) -> Brief:
        return Brief.objects.create(
            **{
                "period": order.period("2026Q1"), "number": f"117-2026-1/{number}", "sequence": number,
                "dated_on": TODAY, "snapshot": {}, "snapshot_hash": f"{number:064}", "requested_by": analyst,
                "requested_at": fixed_now, "state": "ready", "file": "a.pdf", "file_hash": "0" * 64,
                "finished_at": fixed_now, **fields,
            }
        )  # fmt: skip

    return make


def told() -> list[tuple[User, str, int]]:
    rows = Notice.objects.select_related("recipient").order_by("kind", "recipient", "pk")
    return [(notice.recipient, notice.kind, notice.count) for notice in rows]


def test_who_asked_hears_that_it_is_ready_and_who_may_publish_it_that_it_waits(brief, analyst, second, fixed_now):
    made = brief()
    assert (notices.derive(fixed_now), notices.derive(fixed_now)) == (2, 0)
    assert told() == [(analyst, "brief_ready", 1), (second, "brief_to_publish", 1)]
    assert set(Notice.objects.values_list("subject", "institution", "day")) == {(f"brief:{made.pk}", None, TODAY)}


@pytest.mark.parametrize(("state", "kind"), [("refused", "brief_refused"), ("failed", "brief_failed")])
def test_who_asked_hears_that_nothing_came_of_it(brief, analyst, second, fixed_now, state, kind):
    brief(state=state, file="", file_hash="")
    notices.derive(fixed_now)
    assert told() == [(analyst, kind, 1)]


@pytest.mark.parametrize("state", ["queued", "checking", "rendering"])
def test_a_brief_that_is_being_made_is_not_spoken_of(brief, fixed_now, state):
    brief(state=state, file="", file_hash="", finished_at=None)
    assert notices.derive(fixed_now) == 0


def test_a_draft_that_nobody_asked_for_waits_for_everybody_who_publishes(brief, analyst, second, fixed_now):
    brief(requested_by=None)
    notices.derive(fixed_now)
    assert told() == [(analyst, "brief_to_publish", 1), (second, "brief_to_publish", 1)]


def test_what_is_published_waits_for_nobody_and_what_was_made_long_ago_is_not_told(brief, analyst, second, fixed_now):
    brief(1, publication="published", published_by=second, published_at=fixed_now)
    brief(2, finished_at=fixed_now - 4 * DAY)
    notices.derive(fixed_now)
    assert told() == [(analyst, "brief_ready", 1)]


def test_of_an_institutions_sheet_only_a_refusal_and_a_withdrawal_are_told(brief, second, places, fixed_now):
    school = InstitutionFactory(locality=places.city)
    director = DirectorFactory(institution=school).user
    sheet = {"kind": "institution", "subject": school.bin, "institution": school, "requested_by": director}
    in_force = {"published_at": fixed_now}
    brief(1, **sheet, publication="published", **in_force)
    brief(2, **sheet, state="refused", file="", file_hash="")
    taken_back = {"withdrawn_by": second, "withdrawn_at": fixed_now, "withdrawal_reason": "Қате"}
    brief(3, **sheet, publication="withdrawn", **in_force, **taken_back)
    notices.derive(fixed_now)
    assert told() == [(director, "brief_refused", 1), (director, "brief_withdrawn", 1)]


def test_the_briefs_of_all_regions_are_told_of_as_one(brief, analyst, second, places, order, fixed_now):
    bundle = BriefBundle.objects.create(
        period=order.period("2026Q1"), requested_by=analyst, requested_at=fixed_now, finished_at=fixed_now,
        state="ready", file="a.zip", file_hash="0" * 64,
    )  # fmt: skip
    of = {"kind": "region", "region": places.region, "subject": places.region.code}
    bundle.briefs.add(
        brief(1, **of), brief(2, **of), brief(3, **of, state="refused", file="", file_hash=""),
        brief(4, **of, requested_by=second),
    )  # fmt: skip
    notices.derive(fixed_now)
    assert told() == [
        (analyst, "brief_ready", 3),
        (analyst, "brief_refused", 1),
        (analyst, "brief_to_publish", 1),
        (second, "brief_to_publish", 2),
    ]
    assert set(Notice.objects.values_list("subject", flat=True)) == {f"bundle:{bundle.pk}"}


def test_a_bundle_that_could_not_be_made_is_told_of_to_who_asked(analyst, second, order, fixed_now):
    BriefBundle.objects.create(
        period=order.period("2026Q1"), requested_by=analyst, requested_at=fixed_now, finished_at=fixed_now,
        state="failed", error="OSError",
    )  # fmt: skip
    notices.derive(fixed_now)
    assert told() == [(analyst, "brief_failed", 1)]


@pytest.fixture
def superseded(brief, analyst, second, places, fixed_now) -> Brief:
    """Of a region, published by the second person, who holds no copy; one person outside holds one."""
    of = {"kind": "region", "region": places.region, "subject": places.region.code, "published_by": second}
    long_ago = fixed_now - 30 * DAY
    newer = brief(2, **of, publication="published", published_at=fixed_now, finished_at=long_ago)
    older = brief(1, **of, publication="superseded", published_at=long_ago, superseded_by=newer, finished_at=long_ago)
    BriefCopy.objects.create(brief=older, reader=UserFactory(full_name="Оқырман"), made_at=long_ago, file_hash="1" * 64)
    return older


def test_whom_a_superseded_brief_concerns_hears_of_it_but_not_who_published_the_newer(
    superseded, analyst, second, places, fixed_now
):
    approver = ApproverFactory(region=places.region).user
    EditorFactory(region=places.capital)
    notices.derive(fixed_now)
    reader = superseded.copies.get().reader
    assert {who for who, _kind, _count in told()} == {analyst, approver, reader}
    assert {(kind, count) for _who, kind, count in told()} == {("brief_superseded", 1)}


def test_whom_a_withdrawn_brief_concerns_hears_of_it(superseded, analyst, second, places, fixed_now):
    editor = EditorFactory(region=places.region).user
    Brief.objects.filter(pk=superseded.pk).update(
        publication="withdrawn", withdrawn_by=analyst, withdrawn_at=fixed_now, withdrawal_reason="Қате"
    )
    notices.derive(fixed_now)
    reader = superseded.copies.get().reader
    assert {(who, kind) for who, kind, _count in told()} == {
        (one, "brief_withdrawn") for one in (second, editor, reader)
    }


@pytest.mark.parametrize("briefs", [1, 12])
def test_deriving_costs_the_same_for_few_and_for_many(brief, second, briefs, fixed_now, django_assert_num_queries):
    for number in range(1, briefs + 1):
        brief(number)
    people = notices.People(TODAY)
    from reporting.brief_notices import derive

    with django_assert_num_queries(5):
        assert len(list(derive(TODAY, people))) == 2 * briefs


# --- reading ----------------------------------------------------------------------------------------


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def said(client: Client) -> list[tuple[str, str]]:
    return [(line.what, line.about) for line in client.get("/inbox/").context["lines"]]


def open_only(client: Client) -> str:
    return client.post(reverse("compliance:notice", args=[client.get("/inbox/").context["page"][0].pk])).url


def test_a_notice_of_a_brief_names_it_and_leads_to_it(brief, second, fixed_now):
    made = brief()
    notices.derive(fixed_now)
    client = signed_in(second)
    assert said(client) == [("A brief waits for a second person to publish it", "№ 117-2026-1/1 · country")]
    assert open_only(client) == reverse("reporting:brief", args=[made.pk])


def test_a_notice_of_all_regions_leads_to_their_bundle(brief, analyst, second, order, places, fixed_now):
    bundle = BriefBundle.objects.create(
        period=order.period("2026Q1"), requested_by=analyst, requested_at=fixed_now, finished_at=fixed_now,
        state="ready", file="a.zip", file_hash="0" * 64,
    )  # fmt: skip
    bundle.briefs.add(brief(kind="region", region=places.region, subject=places.region.code))
    notices.derive(fixed_now)
    client = signed_in(second)
    assert said(client) == [("1 brief of the regions waits for a second person to publish it", "2026Q1")]
    address = open_only(client)
    assert (address, client.get(address).status_code) == (reverse("reporting:bundle", args=[bundle.pk]), 200)


def test_who_does_not_reach_a_withdrawn_brief_is_led_to_what_it_is_worth(superseded, second, places, fixed_now):
    editor = EditorFactory(region=places.region).user
    Brief.objects.filter(pk=superseded.pk).update(
        publication="withdrawn", withdrawn_by=second, withdrawn_at=fixed_now, withdrawal_reason="Қате"
    )
    notices.derive(fixed_now)
    client = signed_in(editor)
    assert [what for what, _about in said(client)] == ["A brief was withdrawn: do not use it any more"]
    address = open_only(client)
    assert (address, client.get(address).status_code) == (
        reverse("reporting:verify_code", args=[superseded.code]), 200,
    )  # fmt: skip


def test_every_kind_has_a_look() -> None:
    assert set(LOOKS) == set(BriefNotice)


@pytest.mark.parametrize("briefs", [1, 12])
def test_inbox_query_count(brief, second, briefs, fixed_now, django_assert_num_queries):
    for number in range(1, briefs + 1):
        brief(number)
    notices.derive(fixed_now)
    client = signed_in(second)
    with django_assert_num_queries(8):
        assert len(client.get("/inbox/").context["lines"]) == briefs


def test_a_letter_counts_briefs_and_names_none(brief, analyst, fixed_now):
    User.objects.filter(pk=analyst.pk).update(language="en")
    brief()
    notices.derive(fixed_now)
    assert digests.send_due(fixed_now) == 1
    (letter,) = mail.outbox
    assert (letter.to, "Briefs that you asked for and that are ready: 1" in letter.body) == ([analyst.email], True)
    assert "117-2026-1" not in letter.body
