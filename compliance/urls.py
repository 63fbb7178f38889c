"""Addresses of the checklist and of the review; institutions' own stand in `card_urls.py`."""

from django.urls import path

from compliance.views import answers, inbox, review

app_name = "compliance"

urlpatterns = [
    # answered by directors and editors, read by all in scope
    path("institutions/<str:bin>/checklist/", answers.checklist, name="checklist"),
    path("institutions/<str:bin>/checklist/<str:code>/", answers.item, name="item"),
    path("institutions/<str:bin>/checklist/<str:code>/discard/", answers.discard, name="discard"),
    path("institutions/<str:bin>/checklist/<str:code>/withdraw/", answers.withdraw, name="withdraw"),
    # decided by approvers
    path("review/", review.queue, name="queue"),
    path("review/clean/", review.clean, name="clean"),
    path("review/approve/", review.approve_selected, name="approve_selected"),
    path("review/<int:pk>/", review.entry, name="entry"),
    path("review/<int:pk>/approve/", review.approve, name="approve"),
    path("review/<int:pk>/return/", review.return_entry, name="return"),
    path("review/<int:pk>/revoke/", review.revoke, name="revoke"),
    # what a person is told
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="notices_read"),
    path("inbox/letters/", inbox.letters, name="letters"),
    path("inbox/<int:pk>/", inbox.open_notice, name="notice"),
]
