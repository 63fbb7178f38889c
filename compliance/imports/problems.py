"""What can be wrong with a file or a row, in words. Stored as codes, so that each reader reads their own language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypedDict

from django.db.models import Choices
from django.utils.translation import gettext_lazy as _

from compliance.enums import Connection, Status
from compliance.imports import columns
from institutions.enums import Kind, Lifecycle, Ownership

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Problem(TypedDict):
    """A code of `FILES` or `ROWS`, the key of the column that it concerns (or empty), and what fills the message."""

    code: str
    column: str
    params: dict[str, Any]


class FileRefused(Exception):
    """The file as a whole cannot be taken; `code` is one of `FILES`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    @property
    def problem(self) -> Problem:
        return Problem(code=self.code, column="", params=self.params)


FILES: Final[Mapping[str, StrPromise]] = MappingProxyType(
    {
        "empty": _("The file is empty."),
        "too_large": _("The file is larger than %(most)s MB. Split the list into several files."),
        "no_table": _("This is no table: choose an XLSX workbook or a CSV file. What is inside decides, not the name."),
        "old_workbook": _(
            "This is a workbook of an old format, or one with a password. Save it as XLSX without a password."
        ),
        "other_workbook": _("This kind of workbook is not read. Save it as XLSX or CSV."),
        "damaged": _("The file is damaged: it cannot be opened. Save it once more and try again."),
        "bomb": _(
            "Unpacked, the file would be far larger than any list is. It was not opened. "
            "Copy the list into a new workbook and save that."
        ),
        "far_cell": _(
            "Something stands in cell %(cell)s, far away from any list. "
            "Delete the empty rows and columns behind the list and save it again."
        ),
        "too_many_rows": _("The list has more than %(most)s rows. Split it into several files."),
        "too_many_cells": _("The workbook has more than %(most)s cells. Leave only the list in it."),
        "forbidden_xml": _("The workbook contains instructions (a DTD) that no list needs. It was not opened."),
        "too_heavy": _(
            "Reading the file takes more time or memory than a list needs. "
            "Copy the list into a new workbook, values only, and save that."
        ),
        "no_header": _(
            "No row with the headings of the columns was found. A heading “BIN” and at least one other is needed."
        ),
        "no_rows": _("Below the headings there is no row."),
        "column_twice": _("Two columns mean the same: “%(title)s”. Leave one of them."),
        "not_done": _("That failed, and nothing was changed. Try again; if it fails again, tell the administrator."),
        "file_gone": _("The file is no longer there. Upload it again."),
    }
)

ROWS: Final[Mapping[str, StrPromise]] = MappingProxyType(
    {
        "missing": _("is needed for a new institution"),
        "merged": _("the institution is merged into another one; undo the merger to open it again"),
        "ministry_decides": _("another large city than the place gives is for the ministry to enter"),
        "bin_missing": _("There is no BIN in this row."),
        "bin_zeros": _(
            "“%(value)s” has fewer than 12 digits: the cell was a number and has lost its leading zeros. "
            "Make the column text and type the BIN again."
        ),
        "bin_wrong": _("“%(value)s” is no BIN: twelve digits, the last of which fits the others."),
        "bin_twice": _("This BIN stands in several rows: %(rows)s. None of them is taken."),
        "not_found": _("is not found in your region"),
        "no_number": _("“%(value)s” is no whole number"),
        "negative": _("cannot be negative: %(value)s"),
        "too_many": _("cannot be more than %(most)s: %(value)s"),
        "too_long": _("is longer than %(most)s signs"),
        "unknown_choice": _("“%(value)s” is none of: %(choices)s"),
        "no_yes_or_no": _("“%(value)s” is neither yes nor no"),
        "no_email": _("“%(value)s” is no e-mail address"),
        "no_coordinate": _("“%(value)s” is no coordinate in degrees, as in 51.12810"),
        "no_day": _("“%(value)s” is no day. Write it like 31.12.2025"),
        "future_day": _("%(value)s has not come yet"),
        "too_early": _("The register knows this institution only since %(day)s."),
        "unknown_place": _("“%(value)s” is unknown"),
        "ambiguous_place": _("“%(value)s” are several. Name the region, or write the KATO code"),
        "kato_differs": _("name and KATO code are of different places"),
        "formula": _("The cell is a formula without a value. Open the file, let it calculate, and save it."),
        "cell_error": _("The cell shows an error: %(value)s"),
        "wrong_kind_of_cell": _("“%(value)s” is not what belongs into this column"),
        "unknown_requirement": _("“%(value)s” is no requirement of the Order"),
        "answer_twice": _("This requirement stands in several rows: %(rows)s. None of them is taken."),
        "not_listed": _("The requirement is not on the list of this institution."),
        "answer_missing": _("Choose an answer."),
        "closed_quarter": _("The quarter of %(value)s is closing or closed: answers for it are no longer taken"),
        "no_exception": _("“Not applicable” needs a note and a last day, and is no answer to a measure of the brief"),
        "ends_early": _("The last day lies before the first."),
        "document_not_whole": _("Name the document whole: number, who issued it and when; or leave all of it empty."),
        "waits_already": _("Another answer waits for a decision."),
        "own_draft": _("You have a draft of this answer. Send it or discard it first."),
        "decided_meanwhile": _("The requirement was answered or decided after the check. Check the list again."),
        "cannot_be_taken_back": _("It was decided in the meantime and cannot be taken back any more."),
        "gone_meanwhile": _("Somebody changed this institution after the check. Check the list again."),
        "entered_meanwhile": _("Somebody entered this institution after the check. Check the list again."),
        "connection_missing": _("Neither yes nor no stands here, and no number of cameras."),
        "connection_differs": _("The answer and the number of connected cameras (%(value)s) contradict each other."),
        "connected_later": _("lies after the day of the list, %(day)s"),
        "own_answer": _("You answered for the cameras yourself, so somebody else has to bring the list."),
        "verified_meanwhile": _("Something else was found here after the check. Check the list again."),
        "taken_back_already": _("It was taken back by hand already, or is out of your reach."),
        "changed_since": _("Somebody has changed it since the import, so it stays as it is now."),
    }
)


CHOICES: Final[Mapping[str, type[Choices]]] = MappingProxyType(
    {"kind": Kind, "ownership": Ownership, "lifecycle": Lifecycle, "status": Status, "connected": Connection}
)


def problem(code: str, column: str = "", **params: Any) -> Problem:
    """A problem of a row. Raises KeyError for a code without words."""
    if code not in ROWS:
        raise KeyError(code)
    return Problem(code=code, column=column, params=params)


def in_words(found: Problem) -> str:
    """The problem as a person reads it, with the heading of its column before it."""
    words = FILES.get(found["code"]) or ROWS[found["code"]]
    choices = CHOICES.get(found["column"])
    labels = {"choices": ", ".join(map(str, choices.labels))} if choices else {}
    said = str(words) % (found["params"] | labels)
    return f"{columns.title_of(found['column'])}: {said}" if found["column"] else said
