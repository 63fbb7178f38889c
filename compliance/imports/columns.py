"""The columns of lists of institutions, of answers and of the police, and how offices head them in three languages.

The headings are data and not messages: a list is read in any language, whatever language its reader chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.utils.translation import get_language

from compliance.applicability import FACTS
from compliance.enums import ImportKind
from institutions.names import search_key

LANGUAGES: Final = ("kk", "ru", "en")
FACT: Final = "fact_"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its key; the three headings that exports write, and others by which offices know it."""

    key: str
    kk: str
    ru: str
    en: str
    also: tuple[str, ...] = ()
    width: int = 16

    @property
    def titles(self) -> tuple[str, ...]:
        return (self.kk, self.ru, self.en, *self.also, self.key)

    def title(self, language: str) -> str:
        return {"ru": self.ru, "en": self.en}.get(language, self.kk)


# In the order in which exports write them. `since` is read and not written: it says from when the row holds.
_STATIC: Final = (
    Column(
        "bin",
        "БСН",
        "БИН",
        "BIN",
        ("БСН/ЖСН", "БИН/ИИН", "БИН организации", "БИН (БСН)", "БСН (БИН)", "Ұйымның БСН", "ұйым БСН-і", "№ БИН"),
        14,
    ),
    Column(
        "name_kk",
        "Қазақша атауы",
        "Наименование на казахском",
        "Name in Kazakh",
        (
            "Атауы", "Ұйымның атауы", "Атауы (қазақша)", "Атауы қазақ тілінде", "Қазақ тіліндегі атауы", "Атауы қаз",
            "Наименование (каз.)", "Наименование на казахском языке", "Наименование на каз. языке",
            "Наименование организации на казахском языке", "Название на казахском", "Ұйымның атауы (қазақша)",
        ),
        44,
    ),
    Column(
        "name_ru",
        "Орысша атауы",
        "Наименование на русском",
        "Name in Russian",
        (
            "Наименование", "Название", "Наименование организации", "Наименование организации образования",
            "Наименование (рус.)", "Наименование на русском языке", "Наименование на рус. языке", "Название на русском",
            "Наименование организации на русском языке", "Атауы (орысша)", "Атауы орыс тілінде", "Орыс тіліндегі атауы",
            "Ұйымның атауы (орысша)",
        ),
        44,
    ),
    Column("kind", "Түрі", "Вид", "Kind", ("Ұйым түрі", "Ұйымның түрі", "Тип", "Вид организации", "Тип организации")),
    Column(
        "ownership",
        "Меншік нысаны",
        "Форма собственности",
        "Ownership",
        ("Меншік түрі", "Меншік", "Меншік формасы", "Собственность"),
    ),
    Column("lifecycle", "Жай-күйі", "Состояние", "State", ("Күйі", "Состояние организации", "Ұйымның жай-күйі")),
    Column("region", "Облыс", "Область", "Region", ("Өңір", "Регион", "Облыс (қала)", "Область (город)"), 26),
    Column(
        "locality",
        "Аудан немесе қала",
        "Район или город",
        "District or city",
        ("Аудан", "Аудан/қала", "Аудан (қала)", "Район", "Район/город", "Район (город)", "Город/район", "District"),
        28,
    ),
    Column(
        "locality_kato",
        "Ауданның КАТО коды",
        "КАТО района",
        "KATO of the district",
        ("Код КАТО района", "КАТО района или города", "Аудан КАТО", "Ауданның КАТО-сы"),
        14,
    ),
    Column(
        "settlement",
        "Елді мекен",
        "Населённый пункт",
        "Settlement",
        ("Ауыл", "Село", "Нас. пункт", "Населенный пункт", "Нас.пункт"),
        24,
    ),
    Column(
        "settlement_kato",
        "Елді мекеннің КАТО коды",
        "КАТО населённого пункта",
        "KATO of the settlement",
        ("Код КАТО", "КАТО", "KATO", "Код КАТО населённого пункта", "КАТО коды", "Елді мекен КАТО"),
        14,
    ),
    Column("large_city", "Ірі қала", "Крупный город", "Large city", ()),
    Column(
        "address_kk",
        "Қазақша мекенжайы",
        "Адрес на казахском",
        "Address in Kazakh",
        ("Мекенжайы", "Мекенжай", "Мекенжайы (қазақша)", "Адрес (каз.)", "Адрес на казахском языке", "Мекен-жайы"),
        36,
    ),
    Column(
        "address_ru",
        "Орысша мекенжайы",
        "Адрес на русском",
        "Address in Russian",
        ("Адрес", "Адрес (рус.)", "Адрес на русском языке", "Мекенжайы (орысша)", "Юридический адрес", "Address"),
        36,
    ),
    Column("latitude", "Ендік", "Широта", "Latitude", ("lat",), 12),
    Column("longitude", "Бойлық", "Долгота", "Longitude", ("lon", "lng"), 12),
    Column("phone", "Телефон", "Телефон", "Phone", ("Телефоны", "Тел.", "Контактный телефон", "Байланыс телефоны"), 18),
    Column(
        "email",
        "Электрондық пошта",
        "Электронная почта",
        "E-mail",
        ("Email", "Эл. почта", "Эл. пошта", "Адрес электронной почты", "Электрондық поштасы"),
        28,
    ),
    Column(
        "staff",
        "Қызметкерлер саны",
        "Численность работников",
        "Staff",
        (
            "Қызметкерлер", "Жұмыскерлер саны", "Количество сотрудников", "Количество работников", "Число работников",
            "Сотрудники", "Работники", "Персонал", "Кол-во сотрудников", "Кол-во работников",
        ),
        12,
    ),
    Column(
        "learners",
        "Білім алушылар саны",
        "Численность обучающихся",
        "Learners",
        (
            "Білім алушылар", "Оқушылар саны", "Тәрбиеленушілер саны", "Контингент", "Количество обучающихся",
            "Число обучающихся", "Количество учащихся", "Количество детей", "Обучающиеся", "Учащиеся",
            "Кол-во обучающихся", "Кол-во учащихся", "Кол-во детей",
        ),
        12,
    ),
)  # fmt: skip
_SINCE: Final = Column(
    "since",
    "Қай күннен бастап",
    "Действует с",
    "True since",
    ("Басталу күні", "Бастап", "Дата начала", "С какой даты", "Күні", "Дата"),
)


_BIN: Final = _STATIC[0]
_ANSWERS: Final = (
    _BIN,
    Column("requirement", "Талап коды", "Код требования", "Requirement", ("Талап", "Требование", "Код", "Коды"), 18),
    Column(
        "status", "Жауап", "Ответ", "Answer", ("Статус", "Мәртебесі", "Күйі", "Состояние", "Status", "Орындалуы"), 16
    ),
    Column("since", "Қай күннен бастап", "Действует с", "True since", _SINCE.also, 14),
    Column("valid_until", "Қай күнге дейін", "Действует до", "Valid until", ("Мерзімі", "Срок", "Срок действия"), 14),
    Column("note", "Ескертпе", "Примечание", "Note", ("Ескерту", "Комментарий"), 40),
    Column("document_number", "Құжат нөмірі", "Номер документа", "Document number", ("№ документа", "Құжат №"), 18),
    Column("document_issuer", "Құжатты берген", "Кем выдан", "Issued by", ("Выдан", "Кім берген", "Организация"), 30),
    Column("document_issued_on", "Құжат күні", "Дата документа", "Issued on", ("Дата выдачи", "Берілген күні"), 14),
    Column("document_valid_until", "Құжаттың соңғы күні", "Документ действует до", "The document ends on", (), 14),
)

# What an export of statuses adds to read: no column of a list of answers, so that nothing of it is taken in.
STATUS_NOTES: Final = (
    Column("institution", "Ұйымның атауы", "Наименование организации", "Institution", width=44),
    Column("title", "Талаптың мазмұны", "Содержание требования", "What is asked", width=50),
    Column("counts", "Бүгінгі мәртебесі", "Статус на сегодня", "Counts today as", width=18),
    Column("declared", "Мәлімделген", "Заявлено", "Declared", width=18),
    Column("verified", "Тексерілген", "Проверено", "Verified", width=18),
    Column("verified_on", "Тексерілген күні", "Дата проверки", "Verified on", width=14),
)

_POLICE: Final = (
    _BIN,
    Column(
        "named",
        "Ұйымның атауы",
        "Наименование организации",
        "Institution",
        (
            "Атауы", "Наименование", "Название", "Организация", "Ұйым", "Объект", "Наименование объекта",
            "Нысан", "Нысанның атауы", "Name", "Наименование организации образования", "Білім беру ұйымы",
        ),
        44,
    ),
    Column(
        "place",
        "Аудан немесе қала",
        "Район или город",
        "District or city",
        (
            "Аудан", "Аудан/қала", "Район", "Район/город", "Город/район", "Елді мекен", "Населённый пункт",
            "Населенный пункт", "Мекенжайы", "Мекенжай", "Адрес", "Address", "Locality", "Облыс", "Область", "Region",
        ),
        28,
    ),
    Column(
        "connected",
        "Қосылған",
        "Подключено",
        "Connected",
        (
            "Қосылғаны", "ЖБО-ға қосылған", "ЖБО қосылған", "Жедел басқару орталығына қосылған", "Қосылу", "Қосылды",
            "Подключение", "Подключён", "Подключена", "Подключены", "Подключено к ЦОУ", "Подключение к ЦОУ",
            "Подключены к ЦОУ", "Подключено к центру оперативного управления", "Статус подключения", "Подключен",
            "Подключен (да/нет)", "Подключено (да/нет)", "Қосылған (иә/жоқ)", "Connection", "Connected (yes/no)",
        ),
        14,
    ),
    Column(
        "cameras",
        "Қосылған камералар саны",
        "Подключено камер",
        "Cameras connected",
        (
            "Камералар саны", "Қосылған камералар", "Количество камер", "Кол-во камер", "Число камер", "Камер",
            "Количество подключенных камер", "Количество подключённых камер", "Кол-во подключенных камер",
            "Подключенных камер", "Подключённых камер", "Камеры", "Number of cameras", "Cameras",
            "Подключено камер (шт.)", "Камер подключено",
        ),
        14,
    ),
    Column(
        "connected_since",
        "Қосылған күні",
        "Дата подключения",
        "Connected since",
        ("Қосылған уақыты", "Подключено с", "Подключён с", "Дата подключения к ЦОУ", "Қай күннен бастап қосылған"),
        14,
    ),
    Column(
        "as_of",
        "Тізім күні",
        "Дата списка",
        "Day of the list",
        ("Күні", "Дата", "Күнгі жағдай", "По состоянию на", "На дату", "Дата проверки", "Date", "As of"),
        14,
    ),
    Column("note", "Ескертпе", "Примечание", "Note", ("Ескерту", "Комментарий", "Примечания", "Notes"), 40),
)  # fmt: skip

# What the conditions of the Order ask for: their questions are too long to head a column.
_FACTS: Final = {
    "leased": ("Жалға алынған үй-жай", "Арендуемое помещение", "Leased premises"),
    "several_owners": ("Ғимараттың бірнеше иесі бар", "Несколько правообладателей здания", "Several right holders"),
    "has_grounds": ("Өз аумағы бар", "Своя территория", "Grounds of its own"),
    "dangerous_areas": ("Қауіпті учаскелер бар", "Потенциально опасные участки", "Potentially dangerous areas"),
    "near_traffic": ("Көлік жолына жақын", "Близко к проезжей части", "Close to traffic"),
    "police_check": ("ІІО тексерген", "Проверено ОВД", "Checked by the police"),
    "event": ("Оқиға болды", "Было событие", "Event that calls for a briefing"),
    "not_equipped_in_6_months": (
        "Алты айда жабдықталмаған",
        "Не оборудовано за шесть месяцев",
        "Not equipped within six months",
    ),
}


@cache
def institution_columns() -> tuple[Column, ...]:
    """The columns that an export of institutions writes, in their order; with the facts that conditions ask for."""
    return (*_STATIC, *(_fact(name) for name in FACTS))


def _fact(name: str) -> Column:
    kk, ru, en = _FACTS[name]
    return Column(f"{FACT}{name}", kk, ru, en, width=24)


@cache
def read_columns() -> tuple[Column, ...]:
    """The columns that an import of institutions reads."""
    return (*institution_columns(), _SINCE)


def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns that a list of a kind may have."""
    return _OF_KIND.get(kind) or read_columns()


def written_columns(kind: str) -> tuple[Column, ...]:
    """The columns of an empty list of a kind."""
    return _OF_KIND.get(kind) or institution_columns()


_OF_KIND: Final[dict[str, tuple[Column, ...]]] = {ImportKind.ANSWERS: _ANSWERS, ImportKind.POLICE: _POLICE}


def title_of(key: str) -> str:
    """The heading of a column in the reader's language."""
    found = next((column for column in (*read_columns(), *_ANSWERS, *_POLICE) if column.key == key), None)
    return found.title(get_language() or "kk") if found else key


@cache
def _by_word(kind: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for column in columns_of(kind):
        for title in column.titles:
            for word in _spellings(title):
                words.setdefault(word, column.key)
    return words


# A Latin letter that looks like a Cyrillic one, as in a heading that was typed with the wrong keyboard on.
_LOOKALIKES: Final = str.maketrans("aceopxykmthbi", "асеорхукмтнві")


def _spellings(text: str) -> tuple[str, str]:
    """The heading as it sounds, and as it looks; in both ways case, dots, blanks and signs do not count."""
    looks = text.casefold().translate(_LOOKALIKES)
    return search_key(text).replace(" ", ""), search_key(looks).replace(" ", "")


def key_of(heading: str, kind: str = ImportKind.INSTITUTIONS) -> str | None:
    """The column of a list of a kind that a heading means, or None."""
    for word in _spellings(heading):
        if word and (found := _by_word(kind).get(word)):
            return found
    return None


def headings(columns: Iterable[Column], language: str) -> Sequence[str]:
    return [column.title(language) for column in columns]
