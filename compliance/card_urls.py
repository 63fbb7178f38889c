"""Addresses of institutions whose pages show the checklist; in the namespace "institutions"."""

from django.urls import path

from compliance import cards
from compliance.views import duplicates, facts, handover, imports, proposals, registry, relocation

urlpatterns = [
    path("institutions/", cards.institution_list, name="list"),
    path("institutions/new/", registry.new, name="new"),
    path("institutions/proposals/", proposals.proposal_list, name="proposals"),
    path("institutions/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("institutions/duplicates/", duplicates.candidates, name="duplicates"),
    path("institutions/relocation/", relocation.relocate, name="relocate"),
    path("institutions/mergers/<int:pk>/undo/", duplicates.undo, name="unmerge"),
    path("institutions/unconfirmed-facts/", facts.unconfirmed, name="unconfirmed_facts"),
    path("institutions/export/", imports.export_institutions, name="export"),
    path("institutions/statuses/", imports.export_statuses, name="statuses"),
    path("institutions/<str:bin>/", cards.detail, name="detail"),
    path("institutions/<str:bin>/history/", cards.history, name="history"),
    path("institutions/<str:bin>/facts/", cards.facts, name="facts"),
    path("institutions/<str:bin>/facts/confirm/", facts.confirm, name="confirm_facts"),
    path("institutions/<str:bin>/hand-over/", handover.hand_over, name="hand_over"),
    path("institutions/<str:bin>/details/", registry.details, name="details"),
    path("institutions/<str:bin>/change/<slug:act>/", registry.change, name="change"),
    path("institutions/<str:bin>/merge/<str:other>/", duplicates.merge, name="merge"),
]
