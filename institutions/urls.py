"""Addresses of the registry that need no checklist; the others stand in `compliance.card_urls`."""

from django.urls import path

from institutions import views

urlpatterns = [
    path("my/", views.mine, name="mine"),
    path("journal/", views.journal, name="journal"),
    path("journal/export/", views.journal_export, name="journal_export"),
]
