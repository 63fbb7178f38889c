import pytest
from hypothesis import given
from hypothesis import strategies as st

from institutions.names import KAZAKH_ALPHABET, LATIN_ALPHABET, SORT_KEY_LENGTH, search_key, sort_key_kk

kazakh_words = st.text(alphabet=KAZAKH_ALPHABET, max_size=12)
names = st.text(alphabet=KAZAKH_ALPHABET + KAZAKH_ALPHABET.upper() + LATIN_ALPHABET + "0123456789 №«»-", max_size=30)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Қонаев", "Конаев", "Qonaev", "KONAYEV", "қонаев"),
        ("Қостанай", "Костанай", "Kostanay", "Qostanai"),
        ("Шымкент", "Shymkent", "Şymkent", "shimkent"),
        ("Жамбыл", "Zhambyl", "Jambyl", "ЖАМБЫЛ"),
        ("Ғабит", "Габит", "Gabit", "Ğabit", "Ghabit"),
        ("Өскемен", "Оскемен", "Oskemen", "Öskemen"),
        ("Ақтөбе", "Актобе", "Aqtobe", "Aktöbe"),
        ("Хромтау", "Khromtau", "Hromtaw"),
        ("Әлия", "Алия", "Aliya", "Əlia"),
        ("Аққу", "Акку", "Akku", "Aqqu"),
        ("Алёнушка", "Аленушка", "Alyonushka"),
        ("Щучинск", "Shchuchinsk"),
        ("Абылай хан", "Abylai Khan", "  абылай   хан "),
        ("№ 5 мектеп", "№5 мектеп", "5 mektep"),
        ("«Күн-шуақ»", "Кун шуак", "kun shuaq"),
    ],
)
def test_spellings_of_one_name_have_one_search_key(spellings):
    assert len({search_key(spelling) for spelling in spellings}) == 1


def test_different_names_keep_different_search_keys():
    different = [
        "Абай",
        "Семей",
        "Атырау",
        "Ақтау",
        "Орал",
        "Арал",
        "№ 5 мектеп",
        "№ 55 мектеп",
        "№ 15 мектеп",
    ]

    assert len({search_key(name) for name in different}) == len(different)


def test_a_part_of_a_name_is_found_in_it():
    whole = search_key("Ақселеу Сейдімбек атындағы жалпы білім беретін мектебі")

    assert [part for part in ("сейдимбек", "Seidimbek", "ақсел", "жалпы білім") if search_key(part) not in whole] == []


@given(st.text(max_size=40) | names)
def test_a_search_key_is_its_own_key(text):
    key = search_key(text)

    assert search_key(key) == key
    assert search_key(f"  {key.upper()} ") == search_key(key.upper())


@given(kazakh_words)
def test_kazakh_words_fold_to_plain_letters_in_any_case(word):
    assert search_key(word) == search_key(word.upper())
    assert set(search_key(word)) <= set(LATIN_ALPHABET)


def test_the_alphabet_sorts_as_the_alphabet():
    backwards = list(reversed(KAZAKH_ALPHABET))

    assert sorted(backwards, key=sort_key_kk) == list(KAZAKH_ALPHABET)


@pytest.mark.parametrize(
    "in_order",
    [
        ["№ 2 мектеп", "№ 10 мектеп", "№ 010 мектеп-лицей", "№ 100 мектеп", "Абай мектебі"],
        [
            "Абай",
            "Әйтеке би",
            "Байғанин",
            "Ғабит",
            "Дарын",
            "Қазыбек",
            "Ләззат",
            "Ұлан",
            "Үміт",
            "Һәкім",
            "Ырыс",
            "Іле",
        ],
        ["Ақ су", "«Ақай»", "Ақай 2", "Ақай 10", "АҚБОТА", "ақбота 1"],
        ["7 мектеп", "Ёлка", "Яна", "Alpha", "beta"],
        ["", "1", "а"],
    ],
)
def test_names_sort_as_in_a_kazakh_list(in_order):
    backwards = list(reversed(in_order))

    assert sorted(backwards, key=sort_key_kk) == in_order


@given(kazakh_words, kazakh_words)
def test_words_compare_letter_by_letter(one, other):
    in_alphabet = [KAZAKH_ALPHABET.index(letter) for letter in one] < [KAZAKH_ALPHABET.index(x) for x in other]

    assert (sort_key_kk(one) < sort_key_kk(other)) == in_alphabet


@given(kazakh_words, st.integers(0, 10**9), st.integers(0, 10**9), kazakh_words)
def test_numbers_compare_by_value(before, one, other, after):
    keys = [sort_key_kk(f"{before} № {number} {after}") for number in (one, other)]

    assert (keys[0] < keys[1]) == (one < other)


@given(names)
def test_case_and_signs_do_not_count_in_the_order(name):
    assert sort_key_kk(name.upper()) == sort_key_kk(name.lower()) == sort_key_kk(f"«{name}»")


@given(st.text(max_size=300))
def test_a_sort_key_is_plain_and_fits_its_column(text):
    key = sort_key_kk(text)

    assert len(key) <= SORT_KEY_LENGTH
    assert set(key) <= set("0123456789" + LATIN_ALPHABET)
