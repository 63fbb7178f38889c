"""What a cell says, as a value of its column; or why it says nothing that belongs there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Choices

from compliance.card_forms import MOST_PEOPLE
from compliance.enums import Status
from compliance.imports.reading import Cell, shown
from institutions import bin as bin_number
from institutions.enums import Kind, Lifecycle, Ownership
from institutions.names import search_key
from institutions.validators import FIRST_DAY, LAST_DAY

# What the export puts before a text that a spreadsheet might take for a formula; see `institutions.tables`.
_GUARDED: Final = re.compile(r"^'(?=[=+\-@\t\r])")
_DAYS: Final = ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y.%m.%d", "%d.%m.%y")


class Wrong(Exception):
    """A cell does not say what its column asks for; `code` is one of `problems.ROWS`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def plain(cell: Cell) -> str:
    """The cell as text. Raises `Wrong` for an error or a formula that nobody calculated."""
    if isinstance(cell, dict):
        if "f" in cell:
            raise Wrong("formula")
        if "e" in cell:
            raise Wrong("cell_error", value=cell["e"])
    return _GUARDED.sub("", shown(cell))


def read_bin(cell: Cell) -> str:
    """A BIN. Twelve digits or nothing: a number that has lost its leading zeros is not completed."""
    # An apostrophe makes a cell text; in a CSV file it stays before the digits.
    said = plain(cell).replace(" ", "").removeprefix("'")
    if not said:
        raise Wrong("bin_missing")
    if said.isascii() and said.isdecimal() and len(said) < bin_number.LENGTH:
        raise Wrong("bin_zeros", value=said)
    try:
        bin_number.validate_bin(said)
    except bin_number.InvalidBin as wrong:
        raise Wrong("bin_wrong", value=said[:40]) from wrong
    return said


def text(most: int) -> Callable[[Cell], str]:
    """Words of at most so many signs."""

    def read(cell: Cell) -> str:
        if isinstance(cell, dict) and ("b" in cell or "d" in cell):
            raise Wrong("wrong_kind_of_cell", value=shown(cell))
        said = plain(cell)
        if len(said) > most:
            raise Wrong("too_long", most=most)
        return said

    return read


def count(cell: Cell) -> int:
    """How many people; blanks between the digits are forgiven."""
    said = re.sub(r"\s", "", plain(cell))
    if re.fullmatch(r"-\d+([.,]\d+)?", said):
        raise Wrong("negative", value=said)
    if not re.fullmatch(r"\d{1,9}([.,]0+)?", said):
        raise Wrong("no_number", value=plain(cell)[:40])
    number = int(re.split(r"[.,]", said)[0])
    if number > MOST_PEOPLE:
        raise Wrong("too_many", most=MOST_PEOPLE, value=number)
    return number


def email(cell: Cell) -> str:
    said = plain(cell)
    try:
        validate_email(said)
    except ValidationError as wrong:
        raise Wrong("no_email", value=said[:40]) from wrong
    return said


def coordinate(most: int) -> Callable[[Cell], Decimal]:
    """Degrees between `-most` and `most`, to five places."""

    def read(cell: Cell) -> Decimal:
        said = plain(cell).replace(",", ".").rstrip("°")
        try:
            degrees = Decimal(said)
        except InvalidOperation as wrong:
            raise Wrong("no_coordinate", value=said[:40]) from wrong
        if not degrees.is_finite() or abs(degrees) > most:
            raise Wrong("no_coordinate", value=said[:40])
        return degrees.quantize(Decimal("0.00001"))

    return read


def day(today: date | None) -> Callable[[Cell], date]:
    """A day as a date or as text: 31.12.2025, 2025-12-31; one that has come, unless `today` is None."""

    def read(cell: Cell) -> date:
        said = plain(cell)
        for form in _DAYS:
            try:
                found = datetime.strptime(said.split(" ")[0], form).date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                continue
            if today is not None and found > today:
                raise Wrong("future_day", value=found.strftime("%d.%m.%Y"))
            if FIRST_DAY <= found <= LAST_DAY:
                return found
        raise Wrong("no_day", value=said[:40])

    return read


_YES: Final = frozenset({"иә", "ия", "бар", "да", "есть", "yes", "1", "+", "true", "истина", "ақиқат"})
_NO: Final = frozenset({"жоқ", "нет", "no", "0", "-", "–", "false", "ложь", "жалған"})


def yes_or_no(cell: Cell) -> bool:
    said = plain(cell).casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise Wrong("no_yes_or_no", value=said[:40])


# The words by which offices know a choice. The first are its labels, which exports write; its code is known anyway.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.KINDERGARTEN: (
            *("балабақша", "детский сад", "kindergarten"),
            *("детсад", "д/с", "ясли-сад", "бөбекжай", "бөбекжай-балабақша", "бөбекжай-бақша", "мини-центр"),
            *("шағын орталық", "дошкольная организация", "дошкольное учреждение", "мектепке дейінгі ұйым"),
        ),
        Kind.SCHOOL: (
            *("мектеп", "школа", "school"),
            *("жалпы білім беретін мектеп", "общеобразовательная школа", "сш", "ош", "лицей", "гимназия", "интернат"),
            *("мектеп-лицей", "мектеп-гимназия", "мектеп-интернат", "школа-лицей", "школа-гимназия", "школа-интернат"),
            *("бастауыш мектеп", "негізгі мектеп", "орта мектеп"),
            *("начальная школа", "основная школа", "средняя школа"),
        ),
        Kind.COLLEGE: ("колледж", "college", "тжкб", "типо", "организация типо", "жоғары колледж", "высший колледж"),
        Ownership.STATE: (
            *("мемлекеттік", "государственная", "state"),
            *("мемлекеттік меншік", "гос", "государственный", "государственная собственность"),
            *("кмм", "мкқк", "кгу", "кгкп"),
        ),
        Ownership.PRIVATE: (
            *("жекеменшік", "частная", "private"),
            *("жеке", "жеке меншік", "частный", "частная собственность", "тоо", "жшс"),
        ),
        Lifecycle.OPEN: (
            *("жұмыс істейді", "действует", "open"),
            *("ашық", "жұмыс істеп тұр", "действующая", "работает", "открыта", "функционирует"),
        ),
        Lifecycle.CAPITAL_REPAIR: (
            *("күрделі жөндеуде", "на капитальном ремонте", "in capital repair"),
            *("күрделі жөндеу", "капремонт", "капитальный ремонт", "на капремонте"),
        ),
        Lifecycle.CLOSED: (
            *("жабылған", "закрыта", "closed"),
            *("жабық", "жұмыс істемейді", "таратылды", "ликвидирована", "не действует", "не работает"),
        ),
        Status.MET: (
            *("орындалған", "выполнено", "met"),
            *("орындалды", "иә", "бар", "да", "есть", "выполнен", "соответствует"),
        ),
        Status.PARTLY_MET: (
            *("ішінара орындалған", "выполнено частично", "partly met"),
            *("ішінара орындалды", "ішінара", "жартылай", "частично", "частично выполнено"),
        ),
        Status.NOT_MET: (
            *("орындалмаған", "не выполнено", "not met"),
            *("орындалмады", "жоқ", "нет", "не соответствует"),
        ),
        Status.NOT_APPLICABLE: ("қолданылмайды", "не применимо", "not applicable", "не применяется", "қажет емес"),
    }
)


@cache
def _words_of(choices: type[Choices]) -> dict[str, str]:
    words: dict[str, str] = {}
    for value in choices.values:
        words |= {search_key(word).replace(" ", ""): str(value) for word in (str(value), *_WORDS.get(value, ()))}
    return words


def choice(choices: type[Choices]) -> Callable[[Cell], str]:
    """One of the choices by its label in any language, its code, or another word that offices use."""

    def read(cell: Cell) -> str:
        said = plain(cell)
        found = _words_of(choices).get(search_key(said).replace(" ", ""))
        if found is None:
            raise Wrong("unknown_choice", value=said[:40])
        return found

    return read
