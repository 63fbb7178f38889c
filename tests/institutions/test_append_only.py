"""Ledger and journal only grow: the database itself refuses anything else, and says so where it cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from compliance import discussion, seals
from compliance.models import Comment, DailySeal, PendingFold, StatusChange
from institutions import append_only, journal
from institutions.models import Journal
from tests.factories.institutions import EditorFactory, InstitutionFactory

TABLES = {
    "compliance_statuschange": StatusChange,
    "compliance_comment": Comment,
    "compliance_dailyseal": DailySeal,
    "institutions_journal": Journal,
}


@pytest.fixture
def grown(order, places) -> dict[str, int]:
    institution = InstitutionFactory(locality=places.district)
    editor = EditorFactory(locality=places.district).user
    discussion.say(institution.items.first(), "Қашан?", by=editor, now=timezone.now())
    seals.seal_days(timezone.now() + timedelta(days=1))
    PendingFold.objects.all().delete()
    connection.check_constraints()  # PostgreSQL truncates nothing while foreign keys wait to be checked
    return {table: model.objects.count() for table, model in TABLES.items()}


def errors() -> list[str]:
    found = run_checks(databases=["default"])
    return [error.msg for error in found if error.id == "qalqan.E001"]


def test_these_tables_are_protected():
    assert set(append_only.protected_tables()) == set(TABLES)


REWRITES = {
    "update": "UPDATE {table} SET id = id",
    "update of one row": "UPDATE {table} SET id = id + 100000 WHERE id = (SELECT MAX(id) FROM {table})",
    "delete": "DELETE FROM {table}",
    "delete of one row": "DELETE FROM {table} WHERE id = (SELECT MAX(id) FROM {table})",
    "upsert": "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT (id) DO UPDATE SET id = excluded.id",
}
if connection.vendor == "postgresql":
    REWRITES |= {"truncate": "TRUNCATE {table} CASCADE"}
else:
    REWRITES |= {"replace": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}"}


@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_to_rewrite(grown, table, rewrite):
    before = list(TABLES[table].objects.order_by("pk").values())
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REWRITES[rewrite].format(table=table))
    assert list(TABLES[table].objects.order_by("pk").values()) == before


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_neither_saved_again_nor_deleted_through_the_models(grown, table):
    row = TABLES[table].objects.first()
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        row.delete()
    assert TABLES[table].objects.count() == grown[table]


def test_the_check_names_each_table_whose_triggers_are_missing(db):
    assert errors() == []
    append_only.remove()
    try:
        assert sorted(errors()) == [
            f"Table {table} can be rewritten: its triggers are missing. Run migrate." for table in sorted(TABLES)
        ]
    finally:
        append_only.install()
    assert errors() == []


def test_one_missing_trigger_is_enough_to_be_named(db):
    name = "institutions_journal_stays" if connection.vendor == "postgresql" else "institutions_journal_delete"
    suffix = " ON institutions_journal" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{suffix}")
    assert len(errors()) == 1
    append_only.install()
    append_only.install()  # twice does no harm
    assert errors() == []


@pytest.mark.services
def test_a_trigger_that_is_switched_off_counts_as_missing(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE institutions_journal DISABLE TRIGGER institutions_journal_grows")
    assert len(errors()) == 1


def test_the_triggers_come_back_behind_a_lifting_even_if_it_fails(grown):
    with pytest.raises(DatabaseError), append_only.lifted(), transaction.atomic():
        Journal.objects.update(at=None)
    assert errors() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        Journal.objects.update(action="again")


@pytest.mark.django_db(transaction=True)
def test_migrate_brings_the_triggers_back():
    append_only.remove()
    call_command("migrate", verbosity=0)
    assert errors() == []
    journal.write("test.row", "test:1", by=None)
    with pytest.raises(DatabaseError):
        Journal.objects.all().delete()
