"""A person's named filters of the review queue. A view is a query: whoever gets its address sees what is theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.http import QueryDict

from compliance.filters import QueueFilter
from compliance.models import SavedView
from institutions import journal
from institutions.models import User

# More than anybody finds their way among.
MOST: Final = 30


class TooManyViews(Exception):
    """The person has `MOST` views already."""


def canonical(query: str) -> str:
    """The filters of a query string in one order, without empty and unknown ones: what a view keeps."""
    given = QueryDict(query)
    kept = QueryDict(mutable=True)
    for name in sorted(QueueFilter.base_filters):
        value = given.get(name, "")
        if value:
            kept[name] = value
    return kept.urlencode()


@transaction.atomic
def save(person: User, name: str, query: str, *, now: datetime) -> SavedView:
    """Keep a query under a name. Raises `TooManyViews`; that the name is free is the form's to ask."""
    if SavedView.objects.of(person).count() >= MOST:
        raise TooManyViews(person.pk)
    view = SavedView.objects.create(person=person, name=name, query=canonical(query))
    journal.write("view.save", view, by=person, after={"name": name, "query": view.query}, now=now)
    return view


@transaction.atomic
def rename(view: SavedView, name: str, *, now: datetime) -> None:
    before = SavedView.objects.values_list("name", flat=True).get(pk=view.pk)
    view.name = name
    view.save(update_fields=["name"])
    journal.write("view.rename", view, by=view.person, before={"name": before}, after={"name": name}, now=now)


@transaction.atomic
def delete(view: SavedView, *, now: datetime) -> None:
    journal.write("view.delete", view, by=view.person, before={"name": view.name, "query": view.query}, now=now)
    SavedView.objects.filter(pk=view.pk).delete()


@transaction.atomic
def open_by_itself(view: SavedView, *, on: bool, now: datetime) -> None:
    """Make it the view with which the queue opens, instead of any other; or none, so that the whole queue opens."""
    SavedView.objects.filter(person=view.person_id, is_default=True).update(is_default=False)
    if on:
        SavedView.objects.filter(pk=view.pk).update(is_default=True)
    journal.write("view.default", view, by=view.person, after={"name": view.name, "is_default": on}, now=now)
