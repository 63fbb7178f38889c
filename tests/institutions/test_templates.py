"""The frame, the components and the account pages."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.core import mail
from django.core.paginator import Paginator
from django.http import Http404
from django.template import Context, RequestContext, Template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from compliance.enums import EntryState, Status
from institutions.gallery import gallery
from institutions.models import User
from institutions.templatetags import qalqan

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
# Documents are printed, not served; mails are not pages.
PAGES = [
    path
    for path in sorted(TEMPLATES.rglob("*.html"))
    if path.relative_to(TEMPLATES).parts[0] != "documents" and "email" not in path.parent.parts
]


def render(source: str, **context: object) -> str:
    return Template("{% load qalqan %}" + source).render(Context(context))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- rules for all pages --------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_page_has_no_inline_style_or_script_and_asks_no_other_server(path):
    source = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(
        r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|(?:src|href)=\"(?:https?:)?//",
        source,
    )
    assert found == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_icon_that_a_page_names_is_in_the_sprite(path):
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text(encoding="utf-8")))
    named = set(re.findall(r'(?:\{% icon |icon=|icon\|default:)"([^"]+)"', path.read_text(encoding="utf-8")))
    assert named - sprite == set()


def test_every_look_has_its_icon_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text(encoding="utf-8")))
    looks = [*qalqan.STATUS_LOOKS.values(), *qalqan.ENTRY_LOOKS.values()]
    named = {icon for _word, icon, _tone in looks} | {icon for icon, _tone in qalqan.ALERT_LOOKS.values()}
    assert named - sprite == set()


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TONES = ["neutral", "info", "good", "warn", "bad", "aside"]
PAIRS = [
    *((f"{tone}-fg", f"{tone}-bg", 4.5) for tone in TONES),
    *((f"{tone}-fg", "surface-bg", 4.5) for tone in TONES),
    *(
        (text, ground, 4.5)
        for text in ("text-fg", "muted-fg", "link-fg")
        for ground in ("page-bg", "surface-bg", "sunken-bg")
    ),
    ("bar-fg", "bar-bg", 4.5),
    ("bar-fg", "bar-hover", 4.5),
    ("primary-fg", "primary-bg", 4.5),
    ("control-line", "surface-bg", 3),
    ("focus", "page-bg", 3),
    ("focus", "surface-bg", 3),
]


@pytest.mark.parametrize("night", [0, 1], ids=["by day", "by night"])
@pytest.mark.parametrize(("fg", "bg", "least"), PAIRS)
def test_colours_can_be_told_apart(fg, bg, least, night):
    tokens = re.findall(r"--q-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (STATIC / "css" / "tokens.css").read_text())
    colours = {name: pair for name, *pair in tokens}
    assert contrast(colours[fg][night], colours[bg][night]) >= least


# --- tags and filters -----------------------------------------------------------------------------


def test_every_status_and_every_state_has_a_look_with_the_same_word():
    with translation.override("en"):
        assert {key: str(look[0]) for key, look in qalqan.STATUS_LOOKS.items()} == {
            status.value: str(status.label) for status in Status
        }
        assert {key: str(look[0]) for key, look in qalqan.ENTRY_LOOKS.items()} == {
            state.value: str(state.label) for state in EntryState
        }


def test_a_status_shows_colour_icon_and_word():
    html = render('{% status_badge "met" label="орындалды" %}').strip()
    assert html == (
        '<span class="q-badge q-tone-good"><svg class="icon" aria-hidden="true">'
        '<use href="/static/img/icons.svg#circle-check"></use></svg>орындалды</span>'
    )


def test_an_unheard_of_status_is_an_error():
    with pytest.raises(KeyError):
        render('{% status_badge "splendid" %}')


def test_an_icon_with_a_label_speaks():
    assert render('{% icon "check" label=label %}', label="<done>") == (
        '<svg class="icon" role="img" aria-label="&lt;done&gt;"><use href="/static/img/icons.svg#check"></use></svg>'
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (9986, "9\xa0986"),
        (1234567, "1\xa0234\xa0567"),
        (None, "–"),
        ("", "–"),
        ("abc", "abc"),
    ],
)
def test_a_figure_groups_its_thousands(value, shown):
    with translation.override("kk"):
        assert qalqan.figure(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0, "0%"), (73, "73%"), (100, "100%"), (None, "–")])
def test_a_percentage_of_nothing_is_a_dash(value, shown):
    assert qalqan.percent(value) == shown


def test_a_card_escapes_its_title_and_keeps_its_content():
    html = render('{% card title=title icon="map" anchor="here" %}<p>content</p>{% endcard %}', title="<b>")
    assert '<section class="card" id="here">' in html
    assert "&lt;b&gt;</h2>" in html
    assert '<div class="q-card__body"><p>content</p></div>' in html


def test_a_table_frame_can_be_reached_by_keyboard_and_has_a_name():
    html = render('{% table_frame label="Coverage" css="pinned stacked" %}<table></table>{% endtable_frame %}')
    assert html == (
        '<div class="q-table-scroll q-table-scroll--pinned q-table-scroll--stacked" role="region"'
        ' aria-label="Coverage" tabindex="0"><table></table></div>'
    )


# --- components -----------------------------------------------------------------------------------


def test_a_coverage_of_nothing_draws_no_bar():
    with translation.override("en"):
        html = render_to_string("components/coverage_bar.html", {"percent": None, "covered": 0, "total": 0})
    assert "<progress" not in html
    assert words(html) == "– 0 / 0"


def test_a_coverage_opens_its_records_and_says_itself_in_words():
    with translation.override("en"):
        html = render_to_string(
            "components/coverage_bar.html",
            {"percent": 0, "covered": 3, "total": 900, "url": "/list/?a=1&b=2"},
        )
    assert '<progress class="q-bar" max="100" value="0" aria-label="0%: 3 of 900"></progress>' in html
    assert '<a class="q-figure" href="/list/?a=1&amp;b=2">3</a>' in html


def test_a_figure_of_nought_still_opens_and_an_unknown_one_does_not():
    nought = render_to_string("components/figure.html", {"value": 0, "url": "/x/"})
    unknown = render_to_string("components/figure.html", {"value": None, "url": "/x/", "unit": "%"})
    assert nought.strip() == '<a class="q-figure" href="/x/">0</a>'
    assert unknown.strip() == '<span class="q-figure">–</span>'


class SampleForm(forms.Form):
    day = forms.DateField(label="Day", help_text="not later than today")
    answer = forms.ChoiceField(label="Answer", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="Sure", required=False)


def ids_and_references(html: str) -> tuple[set[str], set[str]]:
    ids = set(re.findall(r'\sid="([^"]+)"', html))
    described = {one for many in re.findall(r'aria-describedby="([^"]+)"', html) for one in many.split()}
    return ids, described | set(re.findall(r'\sfor="([^"]+)"', html)) | set(re.findall(r'href="#([^"]+)"', html))


def test_errors_help_and_labels_are_tied_to_their_fields():
    form = SampleForm({"day": "31.02.2023"})
    html = render_to_string("components/form_fields.html", {"form": form})
    ids, references = ids_and_references(html)
    assert {"id_day_helptext", "id_day_error", "id_answer_error", "id_day", "id_sure"} <= references
    assert references - ids == set()


def test_a_refused_form_comes_back_filled():
    html = render_to_string("components/form_fields.html", {"form": SampleForm({"day": "31.02.2023", "answer": "b"})})
    assert 'value="31.02.2023"' in html
    assert re.search(r'value="b"[^>]*checked', html)


def test_a_form_without_errors_has_no_summary():
    assert render_to_string("components/error_summary.html", {"form": SampleForm()}).strip() == ""


def test_the_pager_keeps_the_filters(rf):
    request = rf.get("/list/", {"region": "KZ-39", "page": "2"})
    page = Paginator(range(30), 10).get_page(2)
    html = Template('{% include "components/pager.html" with page=page only %}').render(
        RequestContext(request, {"page": page})
    )
    assert set(re.findall(r'href="([^"]+)"', html)) - {"/static/img/icons.svg#chevron-left"} == {
        "?region=KZ-39&amp;page=1",
        "?region=KZ-39&amp;page=3",
        "/static/img/icons.svg#chevron-right",
    }


def test_progress_asks_again_only_until_it_is_finished():
    under_way = render_to_string("components/progress.html", {"percent": 40, "label": "Pages", "url": "/p/"})
    finished = render_to_string(
        "components/progress.html", {"percent": 100, "label": "Pages", "url": "/p/", "finished": True}
    )
    assert 'hx-get="/p/"' in under_way
    assert "hx-get" not in finished


def test_a_conflict_shows_both_versions():
    side = {
        "mine": {"status": "met", "note": "mine"},
        "theirs": {"status": "not_met", "note": "theirs", "by": "A. B."},
    }
    with translation.override("en"):
        text = words(render_to_string("components/conflict.html", side))
    assert "What is recorded now not met theirs A. B." in text
    assert "What you wanted to record met mine" in text


def test_evidence_names_the_document_its_end_and_its_other_places():
    with translation.override("en"):
        text = words(
            render_to_string(
                "components/evidence.html",
                {
                    "title": "Contract",
                    "number": "214",
                    "issuer": "Guard LLP",
                    "issued_on": date(2023, 3, 1),
                    "valid_until": date(2023, 3, 31),
                    "state": "expiring",
                    "shared": 1,
                },
            )
        )
    assert text.startswith("Contract No. 214 Guard LLP of ")
    assert text.endswith("also at 1 other institution ends soon")


# --- the frame ------------------------------------------------------------------------------------


def frame(rf, **context: object) -> str:
    request = rf.get("/institutions/?page=2")
    return render_to_string("base.html", context, request=request)


def test_the_frame_marks_where_one_is_and_counts_what_waits(rf):
    nav = [
        {"label": "Home", "url": "/", "icon": "home", "active": False},
        {"label": "Review queue", "url": "/queue/", "icon": "inbox", "active": True, "badge": 1280},
    ]
    html = render_to_string("layout/nav.html", {"nav": nav})
    assert re.findall(r'href="([^"#]+)" aria-current="page"', html) == ["/queue/"]
    assert words(html) == "Home Review queue 1\xa0280".replace("\xa0", " ")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_frame_names_its_language_and_leads_back_after_a_choice(rf, language):
    with translation.override(language):
        html = frame(rf)
    assert f'<html lang="{language}">' in html
    assert re.findall(r'value="(\w\w)"[^>]*aria-current="true"', html) == [language]
    assert '<input type="hidden" name="next" value="/institutions/?page=2">' in html


def test_a_substitute_is_shown_as_one_for_another(rf):
    memberships = [
        SimpleNamespace(substitute_for=None, scope="Abai", get_role_display="auditor"),
        SimpleNamespace(substitute_for="B. C.", scope="Almaty", get_role_display="regional approver"),
    ]
    with translation.override("en"):
        text = words(render_to_string("layout/user_menu.html", {"user": "A. B.", "memberships": memberships}))
    assert "A. B. Auditor · Abai Regional approver, for B. C. · Almaty" in text


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_last_pages_need_nothing(name):
    with translation.override("en"):
        assert "To the home page" in words(render_to_string(name))


@pytest.mark.parametrize("name", ["403.html", "404.html", "429.html"])
def test_the_pages_of_errors_say_their_code(rf, name):
    html = render_to_string(name, request=rf.get("/"))
    assert re.findall(r'q-error-code">(\d+)<', html) == [name.removesuffix(".html")]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_gallery_shows_each_component(rf, language):
    with translation.override(language):
        html = gallery(rf.get("/gallery/")).content.decode()
    shown = set(re.findall(r"[ \"](q-[a-z]+)", html))
    assert {
        *("q-alert", "q-badge", "q-breadcrumbs", "q-conflict", "q-coverage", "q-definitions", "q-difference"),
        *(
            "q-empty",
            "q-field",
            "q-figure",
            "q-filters",
            "q-pager",
            "q-progress",
            "q-stat",
            "q-tile",
            "q-timeline",
        ),
    } - shown == set()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_the_gallery_is_for_builders_only(rf, settings):
    settings.GALLERY = False
    with pytest.raises(Http404):
        gallery(rf.get("/gallery/"))


# --- accounts -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_signup"])
def test_a_stranger_reaches_the_way_in(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert "layout/entrance.html" in [template.name for template in response.templates]


@pytest.mark.django_db
def test_a_wrong_password_keeps_the_address(client):
    response = client.post(reverse("account_login"), {"login": "somebody@example.kz", "password": "wrong wrong"})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'value="somebody@example.kz"' in html
    assert "data-error-summary" in html


@pytest.mark.django_db
def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail(client):
    person = User.objects.create_user("somebody@example.kz", "the old password", full_name="A. B.")
    client.cookies["django_language"] = "en"
    client.post(reverse("account_reset_password"), {"email": person.email})
    [message] = mail.outbox
    assert message.subject.endswith("Qalqan: set a new password")
    assert message.to == [person.email]
    [link] = re.findall(r"http://testserver(/\S+)", message.body)
    form = client.get(link, follow=True)
    new = {"password1": "a quite new one", "password2": "a quite new one"}
    answer = client.post(form.request["PATH_INFO"], new, follow=True)
    person.refresh_from_db()
    assert answer.status_code == 200
    assert person.check_password("a quite new one")
    assert "account/password_reset_from_key_done.html" in [template.name for template in answer.templates]


@pytest.mark.django_db
def test_a_used_link_says_so(client):
    response = client.get(reverse("account_reset_password_from_key", args=["1", "set-password"]))
    assert 'href="/accounts/password/reset/"' in response.content.decode()
    assert '<form class="q-form"' not in response.content.decode()


def test_hashes_in_a_text_stand_whole_and_the_rest_is_escaped():
    digest = "89abcdef01234567" * 4
    rendered = Template("{% load qalqan %}{{ text|hashes_whole }}").render(
        Context({"text": f"<a> {digest}, {digest}."})
    )
    span = f'<span class="hash">{digest}</span>'
    assert rendered == f"&lt;a&gt; {span}, {span}."
    assert Template("{% load qalqan %}{{ text|hashes_whole }}").render(Context({"text": "abc"})) == "abc"
