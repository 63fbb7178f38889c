"""Addresses of the checklist and of the review; institutions' own stand in `card_urls.py`."""

from django.urls import path

from compliance.views import answers, confirming, endings, evidence, inspections, quarters, review

app_name = "compliance"

urlpatterns = [
    # answered by directors and editors, read by all in scope
    path("institutions/<str:bin>/checklist/", answers.checklist, name="checklist"),
    path("institutions/<str:bin>/checklist/<str:code>/", answers.item, name="item"),
    path("institutions/<str:bin>/checklist/<str:code>/discard/", answers.discard, name="discard"),
    path("institutions/<str:bin>/checklist/<str:code>/withdraw/", answers.withdraw, name="withdraw"),
    # verified on the spot, read by all in scope
    path("institutions/<str:bin>/inspections/new/", inspections.new, name="inspection_new"),
    path("inspections/<int:pk>/", inspections.detail, name="inspection"),
    path("inspections/<int:pk>/revoke/", inspections.revoke, name="inspection_revoke"),
    path("contradictions/", inspections.contradictions, name="contradictions"),
    path("institutions/<str:bin>/confirm/<str:code>/", confirming.confirm, name="confirm"),
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
    # read in the ministry and the regions; moved by ministry administrators
    path("quarters/", quarters.quarter_list, name="quarters"),
    path("quarters/<str:code>/", quarters.quarter, name="quarter"),
    path("quarters/<str:code>/begin-closing/", quarters.begin_closing, name="quarter_begin_closing"),
    path("quarters/<str:code>/close/", quarters.close, name="quarter_close"),
    path("quarters/<str:code>/reopen/", quarters.reopen, name="quarter_reopen"),
    path("quarters/<str:code>/exceptions/new/", quarters.exception_new, name="exception_new"),
    path("quarters/<str:code>/exceptions/<int:pk>/end/", quarters.exception_end, name="exception_end"),
]
