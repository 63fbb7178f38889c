"""A list from its upload to its check: kept, read, thrown away; nothing is done twice and nothing is forgotten."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from compliance import hints
from compliance.imports import reading, running
from compliance.models import ImportRow, ImportRun
from compliance.tasks import sweep_imports, work_on_import
from institutions.models import Journal
from tests.compliance.imports.lists import BIN_1, HEADINGS, checked, new_row, uploaded, workbook
from tests.factories.institutions import EditorFactory


@pytest.fixture
def editor(fixed_now, order, places, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return EditorFactory(region=places.region).user


@pytest.fixture
def data() -> bytes:
    return workbook([HEADINGS, new_row(BIN_1)])


def test_a_file_is_kept_under_its_hash_until_it_is_thrown_away(editor, fixed_now, data):
    run = uploaded(data, by=editor, since=fixed_now.date(), now=fixed_now, name="../../тізім.xlsx")
    digest = hashlib.sha256(data).hexdigest()
    assert (run.state, run.file_hash, run.file_size) == ("queued", digest, len(data))
    kept = Path(run.file.path)
    assert kept.read_bytes() == data
    assert kept.parent.name == "imports"
    running.check(run.pk, now=fixed_now)
    run.refresh_from_db()
    running.discard(run, by=editor, now=fixed_now)
    assert (run.state, kept.exists(), ImportRow.objects.count()) == ("discarded", False, 0)
    actions = Journal.objects.filter(action__startswith="import.").order_by("pk").values_list("action", "user")
    assert list(actions) == [(f"import.{verb}", editor.pk) for verb in ("upload", "check", "discard")]


def test_a_file_that_cannot_be_read_says_why_and_is_not_kept(editor, fixed_now):
    run = checked(b"MZ" + b"\0" * 100, by=editor, since=fixed_now.date(), now=fixed_now)
    assert (run.state, run.problem, run.file.name) == ("refused", {"code": "no_table", "column": "", "params": {}}, "")


def test_a_failure_of_ours_is_none_of_the_file(editor, fixed_now, data, monkeypatch):
    def fail(path):
        raise LookupError

    monkeypatch.setattr(reading, "read", fail)
    run = checked(data, by=editor, since=fixed_now.date(), now=fixed_now)
    assert (run.state, run.problem) == ("failed", None)


def test_a_file_that_is_gone_is_told(editor, fixed_now, data):
    run = uploaded(data, by=editor, since=fixed_now.date(), now=fixed_now)
    Path(run.file.path).unlink()
    running.check(run.pk, now=fixed_now)
    run.refresh_from_db()
    assert (run.state, run.problem["code"]) == ("refused", "file_gone")


def test_a_check_is_done_once_and_again_only_where_its_worker_is_gone(editor, fixed_now, data):
    run = uploaded(data, by=editor, since=fixed_now.date(), now=fixed_now)
    ImportRun.objects.filter(pk=run.pk).update(state="checking", claimed_at=fixed_now)
    assert running.check(run.pk, now=fixed_now + timedelta(minutes=1)) is None
    assert running.overdue(fixed_now + timedelta(minutes=1)) == []
    late = fixed_now + timedelta(minutes=6)
    assert running.overdue(late) == [run.pk]
    found = running.check(run.pk, now=late)
    assert found is not None
    assert (found.state, ImportRow.objects.count()) == ("checked", 1)
    assert running.check(run.pk, now=late) is None


def test_the_sweep_sends_what_a_lost_message_left(editor, fixed_now, data, monkeypatch):
    run = uploaded(data, by=editor, since=fixed_now.date(), now=fixed_now)
    sent = []
    monkeypatch.setattr(hints, "send", lambda task, **arguments: sent.append((task, arguments)))
    sweep_imports()
    assert sent == [("compliance.tasks.work_on_import", {"run": run.pk})]
    work_on_import(run=run.pk)
    run.refresh_from_db()
    assert run.state == "checked"


def test_the_same_file_uploaded_twice_is_kept_for_both(editor, fixed_now, data):
    first, second = (checked(data, by=editor, since=fixed_now.date(), now=fixed_now) for _number in range(2))
    running.discard(first, by=editor, now=fixed_now)
    assert Path(second.file.path).read_bytes() == data


@pytest.mark.parametrize("state", ["queued", "checking", "applying", "applied", "undone", "refused", "discarded"])
def test_only_a_checked_list_is_thrown_away_or_applied(editor, fixed_now, data, state):
    run = uploaded(data, by=editor, since=fixed_now.date(), now=fixed_now)
    ImportRun.objects.filter(pk=run.pk).update(state=state, applied_by=editor, applied_at=fixed_now)
    for verb in (running.discard, running.ask_to_apply):
        with pytest.raises(running.WrongMove):
            verb(run, by=editor, now=fixed_now)
    assert ImportRun.objects.get(pk=run.pk).state == state


def test_progress_is_told_while_nobody_sees_into_the_transaction():
    assert running.progress_of(0) == 0
    running.tell(0, 40)
    assert running.progress_of(0) == 40
