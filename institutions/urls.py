"""Addresses of the registry that need no checklist; the others stand in `compliance.card_urls`."""

from django.urls import path

from institutions.views import registry

urlpatterns = [
    path("my/", registry.mine, name="mine"),
    path("journal/", registry.journal, name="journal"),
]
