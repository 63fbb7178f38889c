"""Addresses of institutions whose pages show the checklist; in the namespace "institutions"."""

from django.urls import path

from compliance import cards
from compliance.views import imports

urlpatterns = [
    path("institutions/", cards.institution_list, name="list"),
    path("institutions/export/", imports.export_institutions, name="export"),
    path("institutions/<str:bin>/", cards.detail, name="detail"),
    path("institutions/<str:bin>/history/", cards.history, name="history"),
    path("institutions/<str:bin>/facts/", cards.facts, name="facts"),
]
