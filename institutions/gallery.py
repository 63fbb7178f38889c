"""All components on one page, with the longest words that they will meet. Only with `settings.GALLERY`."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from institutions.templatetags.qalqan import ENTRY_LOOKS, STATUS_LOOKS

# Samples are not translated: the page is for those who build the others, and the words are chosen for length.
STATUSES = [
    ("met", "орындалды"),
    ("partly_met", "ішінара орындалды"),
    ("not_met", "не исполнено"),
    ("unknown", "жауап берілмеген"),
    ("not_applicable", "неприменимо"),
]


class SampleForm(forms.Form):
    """One field of each kind."""

    status = forms.ChoiceField(
        label="Бейнебақылау жүйесі жедел басқару орталығына қосылған ба?",
        choices=STATUSES[:3],
        widget=forms.RadioSelect,
        help_text="Бұйрықтың 24-тармағы",
    )
    effective_on = forms.DateField(
        label="Действует с",
        help_text="Не позже сегодняшнего дня",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    issuer = forms.ChoiceField(
        label="Организация, осуществляющая охранную деятельность",
        choices=[("", "–"), ("1", "«Құзет-Қорғау» ЖШС")],
        required=False,
    )
    note = forms.CharField(label="Ескертпе", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    confirmed = forms.BooleanField(label="Мәліметтердің дұрыстығын растаймын", required=True)


class SampleFilter(forms.Form):
    q = forms.CharField(label="Ұйымның атауы немесе БСН", required=False)
    region = forms.ChoiceField(label="Область", choices=[("", "Все"), ("KZ-39", "Восточно-Казахстанская область")])
    due = forms.BooleanField(label="Тек мерзімі өткендер", required=False)


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """The components by name; 404 where the gallery is switched off."""
    if not settings.GALLERY:
        raise Http404
    page = Paginator(range(9986), 50).get_page(request.GET.get("page", 7))
    moment = datetime(2023, 3, 30, 11, 40, tzinfo=UTC)
    place = "Шығыс Қазақстан облысының «Өскемен қаласының № 12 орта мектебі» КММ"
    return render(
        request,
        "gallery.html",
        {
            "statuses": list(STATUS_LOOKS),
            "states": list(ENTRY_LOOKS),
            "tones": ["neutral", "info", "good", "warn", "bad", "aside"],
            "levels": ["info", "success", "warning", "error"],
            "trail": [
                {"label": "Басты бет", "url": "#"},
                {"label": "Шығыс Қазақстан облысы", "url": "#"},
                {"label": place},
            ],
            "place": place,
            "sample_nav": [
                {"label": "Басты бет", "url": "#", "icon": "home", "active": True},
                {"label": "Тексеру кезегі", "url": "#", "icon": "inbox", "active": False, "badge": 128},
                {"label": "Білім беру ұйымдары", "url": "#", "icon": "school", "active": False},
                {"label": "Қамту", "url": "#", "icon": "map", "active": False},
                {"label": "Анықтамалар", "url": "#", "icon": "report", "active": False},
                {"label": "Журнал", "url": "#", "icon": "history", "active": False},
            ],
            "form": SampleForm({"status": "met", "effective_on": "31.02.2023", "note": "Камералар орнатылды"}),
            "filter_form": SampleFilter(request.GET or None),
            "page": page,
            "moment": moment,
            "day": date(2023, 3, 1),
            "until": date(2023, 12, 31),
            "sha256": "9f2c" * 16,
            "mine": {
                "status": "met",
                "note": "Турникет орнатылды, акт № 14.",
                "effective_on": date(2023, 3, 28),
            },
            "theirs": {
                "status": "partly_met",
                "note": "Турникет установлен только на главном входе.",
                "effective_on": date(2023, 3, 20),
                "by": "Қожахметова Гүлжиһан Сүлейменқызы",
                "at": moment,
            },
            "facts": [
                {"label": "БСН", "value": "041240003214"},
                {"label": "Ведомственная принадлежность", "value": "Управление образования области"},
                {"label": "Білім алушылар саны", "value": 1240},
                {"label": "Күрделі жөндеу", "value": None},
            ],
            "rows": [
                {"name": "Шығыс Қазақстан облысы", "total": 612, "covered": 547, "percent": 89},
                {"name": "Алматы қ.", "total": 1043, "covered": 1043, "percent": 100},
                {"name": "Туркестанская область", "total": 1871, "covered": 9, "percent": 1},
                {"name": "Ұлытау облысы", "total": 0, "covered": 0, "percent": None},
            ],
        },
    )
