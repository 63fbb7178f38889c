"""Roles: who gives which, how they end, and who stands in for whom."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from institutions import roles
from institutions.enums import Role
from institutions.models import Institution, Journal, Membership, User
from institutions.roles import Post
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    AuditorFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source_words")]
DAY = timedelta(days=1)
TODAY = date(2026, 5, 20)


@pytest.fixture
def administrator(fixed_now) -> User:
    return AdministratorFactory().user


@pytest.fixture
def school(fixed_now, places) -> Institution:
    return InstitutionFactory(locality=places.city, large_city=places.large_city, listed=False)


@pytest.fixture
def elsewhere(fixed_now, places) -> Institution:
    return InstitutionFactory(locality=places.capital_district, large_city=places.capital_city, listed=False)


def director_of(institution: Institution) -> Post:
    return Post(Role.DIRECTOR, institution=institution)


def rows_of(action: str) -> list[tuple]:
    rows = Journal.objects.filter(action=action).order_by("pk")
    return [(row.user_id, row.institution_id, row.before, row.after) for row in rows]


def code_of(refused: pytest.ExceptionInfo[ValidationError]) -> str | list[str]:
    error = refused.value
    return sorted(error.message_dict) if hasattr(error, "error_dict") else error.error_list[0].code


# --- given -----------------------------------------------------------------------------------------


def test_a_role_is_given(administrator, school, fixed_now):
    person = UserFactory()
    given = roles.give(person, director_of(school), since=TODAY, until=None, by=administrator, now=fixed_now)
    assert list(Membership.objects.of(person)) == [given]
    after = {
        "person": person.email,
        "role": "director",
        "scope": school.name,
        "valid_from": "2026-05-20",
        "valid_to": None,
    }
    assert rows_of("membership.create") == [(administrator.pk, school.pk, None, after)]


def test_an_administrators_role_opens_the_support_window(administrator, fixed_now):
    person = UserFactory()
    roles.give(person, Post(Role.ADMINISTRATOR), since=TODAY, by=administrator, now=fixed_now)
    person.refresh_from_db()
    assert person.is_staff


@pytest.mark.parametrize("post", ["director", "region", "locality", "country"])
def test_an_administrator_gives_every_role(administrator, school, places, fixed_now, post):
    wanted = {
        "director": director_of(school),
        "region": Post(Role.EDITOR, region=places.region),
        "locality": Post(Role.APPROVER, locality=places.district),
        "country": Post(Role.AUDITOR),
    }[post]
    given = roles.give(UserFactory(), wanted, since=TODAY, by=administrator, now=fixed_now)
    assert Post.of(given) == wanted


def test_a_regional_editor_makes_directors_of_their_scope_alone(school, elsewhere, places, fixed_now):
    editor = EditorFactory(region=places.region).user
    given = roles.give(UserFactory(), director_of(school), since=TODAY, by=editor, now=fixed_now)
    assert given.institution == school
    for post in (director_of(elsewhere), Post(Role.EDITOR, region=places.region), Post(Role.ADMINISTRATOR)):
        with pytest.raises(ValidationError) as refused:
            roles.give(UserFactory(), post, since=TODAY, by=editor, now=fixed_now)
        assert code_of(refused) == "not_yours"


@pytest.mark.parametrize("giver", ["director", "approver", "analyst", "auditor", "ended editor"])
def test_nobody_else_gives_roles(school, places, fixed_now, giver):
    by = {
        "director": lambda: DirectorFactory(institution=school),
        "approver": lambda: ApproverFactory(region=places.region),
        "analyst": AnalystFactory,
        "auditor": AuditorFactory,
        "ended editor": lambda: EditorFactory(region=places.region, valid_to=TODAY - DAY),
    }[giver]().user
    with pytest.raises(ValidationError) as refused:
        roles.give(UserFactory(), director_of(school), since=TODAY, by=by, now=fixed_now)
    assert code_of(refused) == "not_yours"


def test_nobody_gives_themselves_a_role(administrator, school, places, fixed_now):
    editor = EditorFactory(region=places.region).user
    for by in (administrator, editor):
        with pytest.raises(ValidationError) as refused:
            roles.give(by, director_of(school), since=TODAY, by=by, now=fixed_now)
        assert code_of(refused) == "own_role"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"since": TODAY - DAY}, "past"),
        ({"until": TODAY - DAY}, ["__all__"]),
        ({"post": Post(Role.DIRECTOR)}, ["__all__"]),
        ({"post": Post(Role.EDITOR)}, ["__all__"]),
        ({"substitute_for": "themselves", "until": TODAY}, ["substitute_for"]),
        ({"substitute_for": "another"}, ["__all__"]),
    ],
)
def test_a_wrong_role_is_refused(administrator, school, fixed_now, change, code):
    person = UserFactory()
    who = {"themselves": person, "another": UserFactory()}
    given = {"since": TODAY, **change}
    if "substitute_for" in given:
        given["substitute_for"] = who[given["substitute_for"]]
    post = given.pop("post", director_of(school))
    with pytest.raises(ValidationError) as refused:
        roles.give(person, post, **given, by=administrator, now=fixed_now)
    assert code_of(refused) == code
    assert not person.memberships.exists()


def test_whoever_is_locked_out_gets_no_role(administrator, school, fixed_now):
    with pytest.raises(ValidationError) as refused:
        roles.give(UserFactory(is_active=False), director_of(school), since=TODAY, by=administrator, now=fixed_now)
    assert code_of(refused) == "locked_out"


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [
        (TODAY, None, True),
        (TODAY, TODAY + 9 * DAY, False),
        (TODAY, TODAY + 10 * DAY, True),
        (TODAY + 15 * DAY, TODAY + 16 * DAY, True),
        (TODAY + 20 * DAY, None, True),
        (TODAY + 21 * DAY, None, False),
    ],
)
def test_a_role_is_not_held_twice_at_a_time(administrator, school, elsewhere, fixed_now, since, until, held):
    person = DirectorFactory(institution=school, valid_from=TODAY + 10 * DAY, valid_to=TODAY + 20 * DAY).user
    DirectorFactory(user=person, institution=elsewhere)  # another scope is another role
    before = person.memberships.count()
    codes = []
    try:
        roles.give(person, director_of(school), since=since, until=until, by=administrator, now=fixed_now)
    except ValidationError as refusal:
        codes.append(refusal.code)
    assert (codes, person.memberships.count() - before) == ((["held"], 0) if held else ([], 1))


# --- ended -----------------------------------------------------------------------------------------


def test_an_ended_role_reaches_nothing_from_the_day_after(administrator, school, fixed_now):
    director = DirectorFactory(institution=school)
    roles.end(director, last_day=TODAY, by=administrator, now=fixed_now)
    assert list(Membership.objects.in_force(TODAY)).count(director) == 1
    assert not Membership.objects.in_force(TODAY + DAY).filter(pk=director.pk).exists()
    row = rows_of("membership.end")[0]
    assert (row[:2], row[2], row[3]["valid_to"]) == (
        (administrator.pk, school.pk),
        {"valid_to": None},
        "2026-05-20",
    )


def test_an_end_that_has_not_come_can_be_moved_or_taken_away(administrator, school, fixed_now):
    director = DirectorFactory(institution=school, valid_to=TODAY)
    for last_day in (TODAY + 5 * DAY, None, None):
        roles.end(director, last_day=last_day, by=administrator, now=fixed_now)
        director.refresh_from_db()
        assert director.valid_to == last_day
    assert len(rows_of("membership.end")) == 2


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "last_day", "code"),
    [
        (date(2022, 1, 1), None, TODAY - DAY, "past"),
        (date(2022, 1, 1), TODAY - DAY, None, "ended"),
        (date(2022, 1, 1), TODAY - DAY, TODAY, "ended"),
        (TODAY + 5 * DAY, None, TODAY, ["__all__"]),
    ],
)
def test_a_wrong_end_is_refused(administrator, school, fixed_now, valid_from, valid_to, last_day, code):
    director = DirectorFactory(institution=school, valid_from=valid_from, valid_to=valid_to)
    with pytest.raises(ValidationError) as refused:
        roles.end(director, last_day=last_day, by=administrator, now=fixed_now)
    assert code_of(refused) == code
    director.refresh_from_db()
    assert director.valid_to == valid_to


def test_nobody_lengthens_their_own_role(administrator, places, fixed_now):
    editor = EditorFactory(user=administrator, region=places.region, valid_to=TODAY + DAY)
    for longer in (None, TODAY + 2 * DAY):
        with pytest.raises(ValidationError) as refused:
            roles.end(editor, last_day=longer, by=administrator, now=fixed_now)
        assert code_of(refused) == "own_role"
    roles.end(editor, last_day=TODAY, by=administrator, now=fixed_now)
    assert rows_of("membership.end")[0][0] == administrator.pk


def test_the_last_administrators_role_does_not_end(administrator, fixed_now):
    own, other = administrator.memberships.get(), AdministratorFactory()
    roles.end(other, last_day=TODAY + 30 * DAY, by=administrator, now=fixed_now)
    with pytest.raises(ValidationError) as refused:
        roles.end(own, last_day=TODAY + 60 * DAY, by=administrator, now=fixed_now)
    assert code_of(refused) == "last_administrator"


def test_a_role_that_has_not_begun_is_taken_back(administrator, school, fixed_now):
    coming, begun = DirectorFactory(institution=school, valid_from=TODAY + DAY), DirectorFactory(institution=school)
    before = roles.in_journal(coming)
    roles.cancel(coming, by=administrator, now=fixed_now)
    assert list(Membership.objects.filter(institution=school)) == [begun]
    assert rows_of("membership.cancel") == [(administrator.pk, school.pk, before, None)]
    for gone in (coming, begun):
        with pytest.raises(ValidationError) as refused:
            roles.cancel(gone, by=administrator, now=fixed_now)
        assert code_of(refused) == "begun"


# --- substitutes -----------------------------------------------------------------------------------


def test_a_substitute_is_told_apart_in_the_journal(administrator, school, fixed_now):
    director = DirectorFactory(institution=school)
    given = roles.give(
        UserFactory(),
        Post.of(director),
        since=TODAY,
        until=TODAY + DAY,
        substitute_for=director.user,
        by=administrator,
        now=fixed_now,
    )
    assert (given.substitute_for, rows_of("membership.create")[0][3]["for"]) == (director.user, director.user.email)


def test_substitutes_leave_with_whom_they_stand_in_for(administrator, school, fixed_now):
    director = DirectorFactory(institution=school)
    absent = {"institution": school, "substitute_for": director.user}
    begun = DirectorFactory(**absent, valid_from=TODAY - DAY, valid_to=TODAY + 9 * DAY)
    DirectorFactory(**absent, valid_from=TODAY + 5 * DAY, valid_to=TODAY + 9 * DAY)
    over = DirectorFactory(**absent, valid_from=date(2025, 1, 1), valid_to=date(2025, 2, 1))
    another = DirectorFactory(institution=school, substitute_for=UserFactory(), valid_to=TODAY + 9 * DAY)

    roles.end(director, last_day=TODAY + 2 * DAY, by=administrator, now=fixed_now)

    ends = dict(Membership.objects.filter(institution=school).values_list("pk", "valid_to"))
    assert ends == {
        director.pk: TODAY + 2 * DAY,
        begun.pk: TODAY + 2 * DAY,
        over.pk: date(2025, 2, 1),
        another.pk: TODAY + 9 * DAY,
    }
    assert len(rows_of("membership.cancel")) == 1
