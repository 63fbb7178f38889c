"""The column that puts people into the order of the Kazakh alphabet."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from institutions import people
from institutions.models import User
from institutions.names import sort_key_kk
from tests.factories.institutions import AdministratorFactory, UserFactory

pytestmark = pytest.mark.django_db
# As in a Kazakh dictionary; by code points Ә, Ғ, Қ, Ұ and І would stand behind Я.
IN_ORDER = ["Айгүл", "Әсел", "Болат", "Ғани", "Дана", "Камила", "Қанат", "Назым", "Ұлжан", "Ясмин"]


def test_people_stand_in_the_order_of_the_kazakh_alphabet() -> None:
    for name in reversed(IN_ORDER):
        UserFactory(full_name=name)
    assert [person.full_name for person in User.objects.all()] == IN_ORDER


def test_the_key_follows_the_name(fixed_now: Any) -> None:
    person = UserFactory(full_name="Яна")
    people.correct(person, full_name="Әлия", email=person.email, language="kk", by=None, now=fixed_now)
    person.refresh_from_db()
    assert person.sort_kk == sort_key_kk("Әлия")


def test_people_entered_together_have_their_keys() -> None:
    User.objects.bulk_create([User(email=f"{number}@example.kz", full_name=IN_ORDER[number]) for number in (3, 0)])
    assert [person.full_name for person in User.objects.all()] == ["Айгүл", "Ғани"]


def test_the_migration_gives_everybody_their_key() -> None:
    UserFactory(full_name="Ғани")
    User.objects.update(sort_kk="")
    importlib.import_module("institutions.migrations.0006_people_in_kazakh_order").fill(apps, None)
    assert list(User.objects.values_list("sort_kk", flat=True)) == [sort_key_kk("Ғани")]


def test_the_list_of_people_is_in_that_order(client: Client, fixed_now: Any, places: Any) -> None:
    reader = AdministratorFactory(user__full_name="Яков").user
    for name in reversed(IN_ORDER):
        UserFactory(full_name=name)
    client.force_login(reader)
    lines = client.get(reverse("institutions:people")).context["lines"]
    names = [line.person.full_name for line in lines]
    assert names == [*IN_ORDER[:-1], "Яков", IN_ORDER[-1]]
