"""What makes two institutions look like one, and that only likenesses are compared."""

from __future__ import annotations

import pytest

from institutions import duplicates
from institutions.bin import control_digit, synthetic_bin, validate_bin
from institutions.duplicates import Far, Pair, Row, Sign
from institutions.models import Journal, NotDuplicate
from tests.constraints import broken
from tests.factories.institutions import InstitutionFactory, UserFactory


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("«№ 12 орта мектебі» КММ", 'КММ "Орта мектеп N 012"'),
        ("12-ші мектеп", "№ 12 жалпы білім беретін мектебі"),
        ("КГУ «Средняя школа № 7»", "ОБЩЕОБРАЗОВАТЕЛЬНАЯ ШКОЛА №7"),
        ("«Айгөлек» балабақшасы", "ГККП ясли-сад «Айголек»"),
        ("Абай атындағы № 5 мектеп-лицей", "№5 Абай мектебі"),
        ("Ясли-сад «Қонаев»", "детский сад Qonaev"),
    ],
)
def test_names_that_say_the_same(one, other):
    assert duplicates.name_key(one) == duplicates.name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("№ 12 мектеп", "№ 21 мектеп"),
        ("«Айгөлек» балабақшасы", "«Балапан» балабақшасы"),
        ("№ 5 Абай мектебі", "№ 5 мектеп"),
    ],
)
def test_names_that_say_something_else(one, other):
    assert duplicates.name_key(one) != duplicates.name_key(other)


@pytest.mark.parametrize("name", ["Орта мектеп", "КГУ «Общеобразовательная школа»", "", "Балабақша"])
def test_a_name_that_tells_nothing_has_no_key(name):
    assert duplicates.name_key(name) == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Абай көшесі, 7", "көш. Абай 7", False),
        ("Абай көшесі, 7", "Абай 7", True),
        ("улица Абая, 7", "ул. Абая 7", True),
        ("улица Абая, 7", "ул. Абая 7а", False),
    ],
)
def test_addresses(one, other, same):
    assert (duplicates.address_key(one) == duplicates.address_key(other)) is same


@pytest.mark.parametrize("address", ["", "улица Абая", "7"])
def test_a_street_alone_is_no_address(address):
    assert duplicates.address_key(address) == ""


def exchanged(number: str) -> list[str]:
    """The BINs that come of a BIN by exchanging two neighbouring digits, each with its own control digit."""
    heads = [number[:at] + number[at + 1] + number[at] + number[at + 2 : 11] for at in range(10)]
    controls = [(head, control_digit(head)) for head in heads if head != number[:11]]
    return [f"{head}{control}" for head, control in controls if control is not None]


def test_exchanged_digits_are_found_wherever_they_are_and_nothing_else_is():
    number = synthetic_bin(123_456)
    rows = [other(pk, name_kk="", name_ru="")._replace(bin=one) for pk, one in enumerate([number, *exchanged(number)])]
    found = duplicates.likely_pairs([*rows, other(99, name_kk="", name_ru="")])
    assert {pair.second for pair in found if pair.first == 0} == set(range(1, len(rows)))
    assert {pair.signs for pair in found} == {(Sign.BIN,)}


# --- pairs -----------------------------------------------------------------------------------------

BASE = Row(1, synthetic_bin(1), "school", 10, 100, "№ 12 мектеп", "Школа № 12", "Абай, 7", "Абая, 7")


def other(pk: int = 2, **values) -> Row:
    apart = {"name_kk": f"№ {100 + pk} мектеп", "name_ru": f"Школа № {100 + pk}",
             "address_kk": "", "address_ru": ""}  # fmt: skip
    return BASE._replace(pk=pk, bin=synthetic_bin(pk), **(apart | values))


NAME = {"name_kk": "12-ші орта мектеп"}
ADDRESS = {"address_ru": "ул. Абая 7"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (other(**NAME), [Pair(1, 2, 90, (Sign.NAME,))]),
        (other(**NAME, **ADDRESS), [Pair(1, 2, 120, (Sign.ADDRESS, Sign.NAME))]),
        (other(**NAME, settlement=None), [Pair(1, 2, 80, (Sign.NAME,))]),
        (other(**ADDRESS), [Pair(1, 2, 60, (Sign.ADDRESS,))]),
        (other(**ADDRESS, kind="kindergarten"), []),
        (other(**NAME, settlement=101), []),
        (other(**NAME, kind="college"), []),
        (other(**NAME, locality=11), []),
        (other(), []),
    ],
)
def test_pairs_and_how_likely_they_are(row, expected):
    assert duplicates.likely_pairs([row, BASE]) == expected


def test_exchanged_digits_count_within_a_place_and_kind():
    number = next(number for number in exchanged(BASE.bin) if not validate_bin(number))
    same_place = other()._replace(bin=number)
    assert duplicates.likely_pairs([BASE, same_place]) == [Pair(1, 2, 60, (Sign.BIN,))]
    assert duplicates.likely_pairs([BASE, same_place._replace(locality=11, settlement=None)]) == []


def test_what_was_found_to_be_two_is_left_out_and_the_likeliest_come_first():
    rows = [BASE, other(2, **NAME), other(3, **NAME, **ADDRESS)]
    found = duplicates.likely_pairs(rows, known={(1, 2)})
    assert [(pair.first, pair.second) for pair in found] == [(1, 3), (2, 3)]


def test_what_has_nothing_in_common_is_not_compared(monkeypatch):
    """Numbers given one after another come near each other; nothing else of these does."""
    compared = []
    monkeypatch.setattr(duplicates, "_score", lambda one, two, signs: compared.append((one.pk, two.pk)) or 0)
    duplicates.likely_pairs([other(pk) for pk in range(2, 2_000)])
    assert 0 < len(compared) < 1_000  # of two million pairs


# --- between regions -------------------------------------------------------------------------------

FAR_BASE = Far(BASE._replace(name_kk="Мұхтар Әуезов атындағы мектеп", name_ru="Школа имени М. Ауэзова"), 1, "Аягөз")


def far(place: str = "Аягөз", region: int = 2, **values) -> Far:
    row = FAR_BASE.row._replace(pk=2, bin=synthetic_bin(2), locality=20, settlement=200, **values)
    return Far(row, region, place)


BOTH = [Pair(1, 2, 90, (Sign.ADDRESS, Sign.NAME))]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (far(), BOTH),
        (far(kind="college"), BOTH),
        (far("AYAGOZ"), BOTH),  # another keyboard
        (far(name_kk="Мұқтар Ауезов ат. мектеп", name_ru=""), BOTH),  # nearly
        (far(name_kk="Мухтар Әуезов атындағы мектеп", name_ru=""), BOTH),
        (far(address_kk="Абай көшесі 7 үй", address_ru=""), BOTH),
        (far(region=1), []),  # within a region the other rule holds
        (far("Шар"), []),
        (far(address_kk="Абай, 9", address_ru="Абая, 9"), []),
        (far(name_kk="Ыбырай Алтынсарин атындағы мектеп", name_ru="Школа имени И. Алтынсарина"), []),
        (far(name_kk="Мұхтар Әуезов атындағы № 2 мектеп", name_ru="Школа № 2 имени М. Ауэзова"), []),
    ],
)
def test_between_regions_name_address_and_settlement_have_to_agree(row, expected):
    assert duplicates.likely_across([row, FAR_BASE]) == expected
    assert duplicates.likely_across([row, FAR_BASE], known={(1, 2)}) == []


@pytest.mark.parametrize(
    ("changes", "region", "found"), [({}, 2, True), ({"kind": "college"}, 2, False), ({}, 1, False)]
)
def test_between_regions_exchanged_digits_count_where_the_kind_is_the_same(changes, region, found):
    number = next(number for number in exchanged(BASE.bin) if not validate_bin(number))
    elsewhere = far("Шар", region)
    elsewhere = elsewhere._replace(row=elsewhere.row._replace(bin=number, address_kk="", address_ru="", **changes))
    assert duplicates.likely_across([FAR_BASE, elsewhere]) == ([Pair(1, 2, 30, (Sign.BIN,))] if found else [])


# --- remembered ------------------------------------------------------------------------------------


@pytest.fixture
def two(fixed_now, places):
    return [InstitutionFactory(locality=places.district, listed=False) for _each in range(2)]


def test_that_they_are_two_is_remembered_once(two, fixed_now):
    by = UserFactory()
    first = duplicates.dismiss(two[1], two[0], by=by, now=fixed_now)
    assert duplicates.dismiss(two[0], two[1], by=UserFactory(), now=fixed_now) == first
    assert (first.first, first.second, first.decided_by) == (two[0], two[1], by)
    assert Journal.objects.filter(action="institution.not_duplicate").count() == 1
    institutions = type(two[0]).objects.all()
    assert duplicates.known_pairs(institutions) == {(two[0].pk, two[1].pk)}


def test_the_database_keeps_pairs_in_order_and_once(two, fixed_now):
    kept = duplicates.dismiss(*two, by=UserFactory(), now=fixed_now)
    with broken("not_duplicate_in_order"):
        NotDuplicate.objects.create(first=two[1], second=two[0], decided_by=kept.decided_by, decided_at=fixed_now)
    with broken("not_duplicate_once"):
        NotDuplicate.objects.create(first=two[0], second=two[1], decided_by=kept.decided_by, decided_at=fixed_now)
