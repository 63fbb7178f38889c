"""Addresses of the registry that need no checklist; the others stand in `compliance.card_urls`."""

from django.urls import path

from institutions.views import people, registry

urlpatterns = [
    path("my/", registry.mine, name="mine"),
    path("journal/", registry.journal, name="journal"),
    path("journal/export/", registry.journal_export, name="journal_export"),
    # people and their roles, for administrators and regional editors
    path("people/", people.people_list, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/details/", people.details, name="person_details"),
    path("people/<int:pk>/role/", people.give_role, name="give_role"),
    path("people/<int:pk>/invite-again/", people.invite_again, name="invite_again"),
    path("people/<int:pk>/lock-out/", people.lock_out, name="lock_out"),
    path("people/<int:pk>/let-in/", people.let_in, name="let_in"),
    path("people/roles/<int:pk>/end/", people.end_role, name="end_role"),
    path("people/roles/<int:pk>/cancel/", people.cancel_role, name="cancel_role"),
    path("people/roles/<int:pk>/substitute/", people.stand_in, name="stand_in"),
]
