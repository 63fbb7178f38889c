"""Addresses of the checklist and of the review; institutions' own stand in `card_urls.py`."""

from django.urls import path

from compliance.views import answers, endings, evidence, review

app_name = "compliance"

urlpatterns = [
    # answered by directors and editors, read by all in scope
    path("institutions/<str:bin>/checklist/", answers.checklist, name="checklist"),
    path("institutions/<str:bin>/checklist/<str:code>/", answers.item, name="item"),
    path("institutions/<str:bin>/checklist/<str:code>/discard/", answers.discard, name="discard"),
    path("institutions/<str:bin>/checklist/<str:code>/withdraw/", answers.withdraw, name="withdraw"),
    path("photos/<int:pk>/", evidence.photo, name="photo"),
    path("documents/<int:pk>/", evidence.document, name="document"),
    path("documents/<int:pk>/revoke/", evidence.revoke_document, name="revoke_document"),
    path("endings/", endings.endings, name="endings"),
    # decided by approvers
    path("review/", review.queue, name="queue"),
    path("review/clean/", review.clean, name="clean"),
    path("review/approve/", review.approve_selected, name="approve_selected"),
    path("review/<int:pk>/", review.entry, name="entry"),
    path("review/<int:pk>/approve/", review.approve, name="approve"),
    path("review/<int:pk>/return/", review.return_entry, name="return"),
    path("review/<int:pk>/revoke/", review.revoke, name="revoke"),
]
