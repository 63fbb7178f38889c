"""Addresses. Each app's own stand in its `urls.py`."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from compliance import card_urls, guide, home
from institutions import urls as institution_urls
from institutions.gallery import gallery

handler400 = "institutions.errors.bad_request"
handler403 = "institutions.errors.permission_denied"
handler404 = "institutions.errors.not_found"
handler500 = "institutions.errors.server_error"

urlpatterns = [
    path("", home.home, name="home"),
    path("help/", guide.help_page, name="help"),
    # Pages about institutions that show the checklist live in compliance, which may import both.
    path("", include(([*institution_urls.urlpatterns, *card_urls.urlpatterns], "institutions"))),
    path("", include("compliance.urls")),
    path("", include("reporting.urls")),
    path("api/v1/", include("config.api_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("gallery/", gallery, name="gallery"),
    path("admin/", admin.site.urls),
]
