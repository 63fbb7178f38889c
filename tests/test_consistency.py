"""The code base held against its own rules: imports, templates, constraints, journal, and every address."""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from compliance import kept_photos
from compliance.enums import NoticeKind
from compliance.models import ComingEdition, ImportRun, KeptPhoto, Notice, SavedView
from compliance.workflow import DocumentReference
from institutions import journal_words
from institutions.actions import ACTIONS
from institutions.models import ChangeProposal, Merger, User
from reporting.models import Brief, BriefBundle
from tests.factories.compliance import EntryFactory, InspectionFactory, ItemFactory, PeriodExceptionFactory
from tests.factories.institutions import (
    AdministratorFactory,
    AnalystFactory,
    ApproverFactory,
    DirectorFactory,
    EditorFactory,
    InstitutionFactory,
)
from tests.factories.pictures import picture

ROOT = Path(settings.BASE_DIR)
APPS = ("institutions", "compliance", "reporting")
MAY_IMPORT = {"institutions": {"institutions"}, "compliance": {"institutions", "compliance"}, "reporting": set(APPS)}
TEMPLATES = ROOT / "templates"
# Found by Django, allauth or the admin by their names.
FOUND_BY_NAME = ("account/", "admin/", "400.html", "403.html", "404.html", "413.html", "429.html", "500.html")


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def imported_apps(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names & set(APPS)


# --- the tree --------------------------------------------------------------------------------------


def test_imports_point_one_way() -> None:
    wrong = {
        str(path.relative_to(ROOT)): imported_apps(path) - MAY_IMPORT[app]
        for app in APPS
        for path in python_files(app)
        if imported_apps(path) - MAY_IMPORT[app]
    }
    assert wrong == {}


def is_used(name: str, everything: str) -> bool:
    """Extended, included or rendered somewhere: its name stands in quotes (a comment names it without them).

    The parts of a document are named by their shape, which the text of the document gives.
    """
    shape = re.fullmatch(r"documents/partials/_(\w+)\.html", name)
    quoted = [name, shape[1]] if shape else [name]
    return any(re.search(rf"[\"']{re.escape(word)}[\"']", everything) for word in quoted)


def test_every_template_is_used() -> None:
    files = [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file() and path.suffix != ".md"]
    everything = "\n".join(path.read_text(encoding="utf-8") for path in [*files, *python_files(*APPS)])
    names = [path.relative_to(TEMPLATES).as_posix() for path in files]
    assert [name for name in names if not name.startswith(FOUND_BY_NAME) and not is_used(name, everything)] == []


def test_templates_carry_no_inline_style_or_script() -> None:
    inline = re.compile(r"\sstyle=|<style[\s>]|<script(?![^>]*\ssrc=)|\son[a-z]+=", re.IGNORECASE)
    wrong = [
        path.relative_to(TEMPLATES).as_posix()
        for path in sorted(TEMPLATES.rglob("*.html"))
        if "documents" not in path.parts and inline.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def own_constraints() -> list[str]:
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    return sorted(constraint.name for model in models for constraint in model._meta.constraints)


def test_every_constraint_is_named_in_some_test() -> None:
    others = [path for path in python_files("tests") if path != Path(__file__)]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in others)
    unnamed = [name for name in own_constraints() if name not in tests]
    assert unnamed == []


def written_actions() -> set[str]:
    """The actions that the code writes; of one that is put together, the part that stands fast, with a star."""
    found: set[str] = set()
    for path in python_files(*APPS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("journal.write"):
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.JoinedStr):
                        found.add(f"{ast.literal_eval(part.values[0])}*")
                    elif isinstance(part, ast.Constant) and not str(part.value).endswith("."):
                        found.add(str(part.value))
    return found


def test_the_journal_has_words_for_every_action() -> None:
    patterns = written_actions()
    assert [action for action in patterns if not fnmatch.filter(ACTIONS, action)] == []
    assert [action for action in ACTIONS if not any(fnmatch.fnmatch(action, one) for one in patterns)] == []


def written_names() -> set[str]:
    """The names under which the journal keeps what was before and after, where the code spells them out."""
    found: set[str] = set()
    for path in python_files(*APPS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("journal.write"):
                said = [keyword.value for keyword in node.keywords if keyword.arg in ("before", "after")]
                keys = [
                    key for value in said for part in ast.walk(value) if isinstance(part, ast.Dict) for key in part.keys
                ]
                found |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    return found


def test_the_journal_has_words_for_every_name() -> None:
    # Some are called in English what they are called in the code: those have their word all the same.
    assert [name for name in sorted(written_names()) if not journal_words.is_named(name)] == []


# --- addresses -------------------------------------------------------------------------------------

# Whoever is not signed in may open these.
PUBLIC = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that nobody signs up
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "set_language",
    "gallery",
    "health",
    "reporting:verify",
    "reporting:verify_code",
    "admin:login",  # leads to account_login
    "admin:jsi18n",
}


@dataclass(frozen=True)
class Address:
    """A named address of the site with the names of its arguments."""

    name: str
    arguments: tuple[str, ...]


def addresses() -> list[Address]:
    """All of them, each once; those of admin by their own test."""
    found = {
        # The API names each address once more with the ending of a format.
        Address(name, tuple(sorted(pattern.pattern.regex.groupindex.keys() - {"format"})))
        for name, pattern in walk(get_resolver().url_patterns)
        if not name.startswith("admin:")
    }
    return sorted(found, key=lambda address: address.name)


def walk(patterns: list[Any], names: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, (*names, entry.namespace) if entry.namespace else names)
        else:
            yield ":".join((*names, entry.name or repr(entry.pattern))), entry


@dataclass(frozen=True)
class Foreign:
    """Things of one region, as those of the other must not find them."""

    institution: Any
    item: Any
    entry: Any  # waits for a decision
    approved: Any
    notice: Any
    photo: Any
    kept_photo: Any  # of a form of the institution's director
    document: Any
    inspection: Any
    brief: Any
    bundle: Any
    run: Any  # a list that somebody of the ministry uploaded
    edition: Any  # of the Order, that somebody of the ministry uploaded
    proposal: Any
    duplicate: Any
    merger: Any
    exception: Any
    view: Any  # somebody's filters of the queue
    membership: Any  # of the institution's director
    coming: Any  # of a director who begins later


# What each address with arguments is about: the arguments that name something foreign.
# A new address with arguments has to be entered here, or the test below fails.
ABOUT: dict[str, Callable[[Foreign], dict[str, Any]]] = {
    "institutions:detail": lambda foreign: {"bin": foreign.institution.bin},
    "institutions:history": lambda foreign: {"bin": foreign.institution.bin},
    "institutions:facts": lambda foreign: {"bin": foreign.institution.bin},
    "institutions:confirm_facts": lambda foreign: {"bin": foreign.institution.bin},
    "institutions:hand_over": lambda foreign: {"bin": foreign.institution.bin},
    **{
        f"institutions:{name}": lambda foreign: {"pk": foreign.membership.user_id}
        for name in ("person", "person_details", "give_role", "lock_out", "let_in")
    },
    "institutions:invite_again": lambda foreign: {"pk": foreign.coming.user_id},
    "institutions:cancel_role": lambda foreign: {"pk": foreign.coming.pk},
    **{f"institutions:{name}": lambda foreign: {"pk": foreign.membership.pk} for name in ("end_role", "stand_in")},
    "compliance:confirm": lambda foreign: {"bin": foreign.institution.bin, "code": "2026Q1"},
    **{
        f"compliance:{name}": lambda foreign: {"code": "2026Q1"}
        for name in ("quarter_begin_closing", "quarter_close", "quarter_reopen", "exception_new")
    },
    "compliance:exception_end": lambda foreign: {"code": "2026Q1", "pk": foreign.exception.pk},
    "institutions:details": lambda foreign: {"bin": foreign.institution.bin},
    "institutions:change": lambda foreign: {"bin": foreign.institution.bin, "act": "headcount"},
    "institutions:merge": lambda foreign: {"bin": foreign.institution.bin, "other": foreign.duplicate.bin},
    "institutions:unmerge": lambda foreign: {"pk": foreign.merger.pk},
    "institutions:proposal": lambda foreign: {"pk": foreign.proposal.pk},
    "compliance:checklist": lambda foreign: {"bin": foreign.institution.bin},
    **{
        f"compliance:{name}": lambda foreign: {
            "bin": foreign.institution.bin,
            "code": foreign.item.requirement.code,
        }
        for name in ("item", "discard", "withdraw", "comment")
    },
    **{
        f"compliance:saved_view_{name}": lambda foreign: {"pk": foreign.view.pk}
        for name in ("rename", "delete", "default")
    },
    "compliance:level": lambda foreign: {"code": foreign.institution.locality.region.code},
    **{
        f"compliance:{name}": lambda foreign: {"pk": foreign.entry.pk}
        for name in ("entry", "approve", "check", "return", "entry_comment")
    },
    "compliance:inspection_new": lambda foreign: {"bin": foreign.institution.bin},
    **{
        f"compliance:{name}": lambda foreign: {"pk": foreign.inspection.pk}
        for name in ("inspection", "inspection_revoke")
    },
    "compliance:photo": lambda foreign: {"pk": foreign.photo.pk},
    "compliance:kept_photo": lambda foreign: {"pk": foreign.kept_photo.pk},
    **{f"compliance:{name}": lambda foreign: {"pk": foreign.document.pk} for name in ("document", "revoke_document")},
    "compliance:revoke": lambda foreign: {"pk": foreign.approved.pk},
    "compliance:notice": lambda foreign: {"pk": foreign.notice.pk},
    **{
        f"compliance:{name}": lambda foreign: {"pk": foreign.run.pk}
        for name in ("import", "import_progress", "import_apply", "import_undo", "import_discard", "import_errors")
    },
    **{
        f"reporting:{name}": lambda foreign: {"pk": foreign.brief.pk}
        for name in (
            "brief",
            "brief_progress",
            "brief_file",
            "brief_records",
            "brief_publish",
            "brief_withdraw",
            "brief_explain",
        )
    },
    **{
        f"reporting:{name}": lambda foreign: {"pk": foreign.edition.pk}
        for name in ("edition", "edition_progress", "edition_move", "edition_effects", "edition_file")
    },
    "reporting:sheet": lambda foreign: {"bin": foreign.institution.bin},
    "reporting:brief_records_by_code": lambda foreign: {"code": foreign.brief.code},
    **{
        f"reporting:{name}": lambda foreign: {"pk": foreign.bundle.pk}
        for name in ("bundle", "bundle_progress", "bundle_file")
    },
    "api:institution-detail": lambda foreign: {"bin": foreign.institution.bin},
}
# What belongs to one person: others of the region do not find it either (its own tests show that the person does).
OF_ONE_PERSON = {
    "compliance:notice",
    "compliance:kept_photo",
    *(f"compliance:saved_view_{name}" for name in ("rename", "delete", "default")),
}
# Of the whole country: whoever has a role in a region or the ministry opens these and sees their own scope in them.
OF_ALL: dict[str, dict[str, Any]] = {
    "compliance:quarter": {"code": "2026Q1"},
    "reporting:quarter_regions": {"code": "2026Q1"},
    "reporting:quarter_regions_file": {"code": "2026Q1"},
}
# Arguments that name nothing of anybody's.
ABOUT_NOTHING = {"account_confirm_email", "account_reset_password_from_key", "reporting:verify_code"}


def with_arguments() -> list[str]:
    return [address.name for address in addresses() if address.arguments]


def test_every_address_with_arguments_says_what_it_is_about() -> None:
    assert set(with_arguments()) == ABOUT.keys() | OF_ALL.keys() | ABOUT_NOTHING


def ask(client: Client, url: str) -> set[int]:
    """What the page answers, followed to where it leads, and what the form answers; 405 where there is none."""
    return {client.get(url, follow=True).status_code, client.post(url, {}).status_code} - {405}


@pytest.fixture
def foreign(fixed_now: Any, order: Any, places: Any) -> Foreign:
    institution = InstitutionFactory(locality=places.capital_district, large_city=places.capital_city)
    item = ItemFactory(institution=institution)
    entry = EntryFactory(item=item, submitted=True, photos=[picture()])
    approved = EntryFactory(
        item=ItemFactory(institution=institution, measure="turnstile"),
        approved=True,
        document=DocumentReference("214", "ЖШС", order.day),
    )
    notice = Notice.objects.create(
        recipient=approved.author,
        kind=NoticeKind.RETURNED,
        subject=f"statusentry:{approved.pk}",
        institution=institution,
        day=fixed_now.date(),
        created_at=fixed_now,
    )
    brief = Brief.objects.create(
        period=order.period("2026Q1"),
        number="1",
        sequence=1,
        dated_on=fixed_now.date(),
        snapshot={},
        snapshot_hash="0" * 64,
        requested_at=fixed_now,
    )
    proposal = ChangeProposal.objects.create(
        institution=institution,
        what="kind",
        owner="region",
        changes={"kind": {"old": "school", "new": "college"}},
        since=order.day,
        reason="Бұйрық",
        proposed_by=entry.author,
        proposed_at=fixed_now,
    )
    duplicate = InstitutionFactory(locality=places.capital_district, listed=False)
    merger = Merger.objects.create(
        kept=institution,
        merged=duplicate,
        since=order.day,
        reason="Қос тіркелген",
        made_by=entry.author,
        made_at=fixed_now,
        lifecycles={order.day.isoformat(): "open"},
    )
    membership = DirectorFactory(institution=institution)
    kept_photos.keep(item, [picture(2)], by=membership.user, now=fixed_now)
    return Foreign(
        institution=institution,
        item=item,
        entry=entry,
        approved=approved,
        photo=entry.photos.get(),
        kept_photo=KeptPhoto.objects.get(),
        document=approved.evidence,
        inspection=InspectionFactory(item=item),
        exception=PeriodExceptionFactory(institution=institution, period=brief.period),
        view=SavedView.objects.create(person=ApproverFactory(region=places.capital).user, name="Менің сүзгім"),
        brief=brief,
        bundle=BriefBundle.objects.create(period=brief.period, requested_at=fixed_now),
        membership=membership,
        coming=DirectorFactory(institution=institution, valid_from=order.day + timedelta(days=1)),
        proposal=proposal,
        duplicate=duplicate,
        merger=merger,
        notice=notice,
        edition=ComingEdition.objects.create(
            code="2027",
            in_force_from=order.day + timedelta(days=200),
            base="current",
            file_name="редакция.toml",
            file_hash="0" * 64,
            text="",
            uploaded_by=AdministratorFactory().user,
            uploaded_at=fixed_now,
        ),
        run=ImportRun.objects.create(
            file_name="тізім.xlsx",
            file_hash="0" * 64,
            file_size=1,
            since=fixed_now.date(),
            uploaded_by=AdministratorFactory().user,
            uploaded_at=fixed_now,
            rows_read=1,
            rows_unchanged=1,
        ),
    )


@pytest.fixture
def neighbours(fixed_now: Any, order: Any, places: Any) -> dict[str, User]:
    """People of the other region, one of each role with a place; and one who has no role any more."""
    institution = InstitutionFactory(locality=places.city, large_city=places.large_city)
    ended = EditorFactory(region=places.capital, valid_to=order.day - timedelta(days=1))
    return {
        "director": DirectorFactory(institution=institution).user,
        "editor": EditorFactory(region=places.region).user,
        "approver": ApproverFactory(region=places.region).user,
        "ended": ended.user,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ABOUT))
def test_what_lies_in_another_region_is_not_found(foreign: Foreign, neighbours: dict[str, User], name: str) -> None:
    url = reverse(name, kwargs=ABOUT[name](foreign))
    found = {}
    client = Client()
    for who, person in neighbours.items():
        client.force_login(person)
        found[who] = ask(client, url)
    assert found == {who: {404} for who in neighbours}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [name for name in sorted(ABOUT) if name.startswith(("institutions:", "compliance:")) and name not in OF_ONE_PERSON],
)
def test_somebody_finds_it_in_its_own_region(foreign: Foreign, places: Any, name: str) -> None:
    url = reverse(name, kwargs=ABOUT[name](foreign))
    client = Client()
    found: set[int] = set()
    for membership in (
        DirectorFactory(institution=foreign.institution),
        EditorFactory(region=places.capital),
        ApproverFactory(region=places.capital),
        EditorFactory(region=places.capital),
        AnalystFactory(),
        AdministratorFactory(),
    ):
        client.force_login(membership.user)
        found |= ask(client, url)
    assert found & {200, 302, 409, 422}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(OF_ALL))
def test_what_is_of_the_whole_country_is_there_for_roles_of_a_place_and_no_director(
    foreign: Foreign, neighbours: dict[str, User], name: str
) -> None:
    url = reverse(name, kwargs=OF_ALL[name])
    found = {}
    client = Client()
    for who, person in neighbours.items():
        client.force_login(person)
        found[who] = client.get(url).status_code
    assert found == {"director": 404, "editor": 200, "approver": 200, "ended": 404}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [address.name for address in addresses() if address.name not in PUBLIC])
def test_no_address_is_open_to_strangers(foreign: Foreign, name: str) -> None:
    url = reverse(name, kwargs=ABOUT[name](foreign) if name in ABOUT else OF_ALL.get(name, {}))
    answers = [Client().get(url), Client().post(url, {})]
    closed = [
        answer.status_code in (401, 403) or (answer.status_code == 302 and answer.url.startswith("/accounts/login/"))
        for answer in answers
    ]
    assert closed == [True, True], [answer.status_code for answer in answers]


def test_public_addresses_are_named_and_no_more() -> None:
    open_ones = {
        name
        for name, pattern in walk(get_resolver().url_patterns)
        # The API's views ask for the person themselves; that they do, the test above tries.
        if not getattr(pattern.callback, "login_required", True) and not name.startswith("api:")
    }
    assert open_ones - PUBLIC == set()


@pytest.mark.django_db
def test_admin_is_not_there_for_people_of_the_regions(foreign: Foreign, neighbours: dict[str, User]) -> None:
    client = Client()
    found: dict[str, set[int]] = {}
    names = {name: pattern for name, pattern in walk(get_resolver().url_patterns) if name.startswith("admin:")}
    for who, person in neighbours.items():
        client.force_login(person)
        for name, pattern in names.items():
            arguments = dict.fromkeys(pattern.pattern.regex.groupindex, "1")
            try:
                url = reverse(name, kwargs=arguments)
            except NoReverseMatch:  # admin's catch-all has no name of its own
                continue
            found.setdefault(who, set()).add(client.get(url).status_code)
    assert found == {who: {404} for who in neighbours}
