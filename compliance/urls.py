"""Addresses of the checklist and of the review; institutions' own stand in `card_urls.py`."""

from django.urls import path

from compliance.views import (
    answers,
    confirming,
    endings,
    evidence,
    imports,
    inbox,
    inspections,
    levels,
    quarters,
    returns,
    review,
    saved_views,
)

app_name = "compliance"

urlpatterns = [
    # answered by directors and editors, read by all in scope
    path("institutions/<str:bin>/checklist/", answers.checklist, name="checklist"),
    path("institutions/<str:bin>/checklist/<str:code>/", answers.item, name="item"),
    path("institutions/<str:bin>/checklist/<str:code>/discard/", answers.discard, name="discard"),
    path("institutions/<str:bin>/checklist/<str:code>/withdraw/", answers.withdraw, name="withdraw"),
    path("institutions/<str:bin>/checklist/<str:code>/comment/", answers.comment, name="comment"),
    # verified on the spot, read by all in scope
    path("institutions/<str:bin>/inspections/new/", inspections.new, name="inspection_new"),
    path("inspections/<int:pk>/", inspections.detail, name="inspection"),
    path("inspections/<int:pk>/revoke/", inspections.revoke, name="inspection_revoke"),
    path("contradictions/", inspections.contradictions, name="contradictions"),
    path("institutions/<str:bin>/confirm/<str:code>/", confirming.confirm, name="confirm"),
    path("photos/<int:pk>/", evidence.photo, name="photo"),
    path("photos/kept/<int:pk>/", evidence.kept_photo, name="kept_photo"),
    path("documents/<int:pk>/", evidence.document, name="document"),
    path("documents/<int:pk>/revoke/", evidence.revoke_document, name="revoke_document"),
    path("endings/", endings.endings, name="endings"),
    # decided by approvers
    path("review/", review.queue, name="queue"),
    path("review/clean/", review.clean, name="clean"),
    path("review/approve/", review.approve_selected, name="approve_selected"),
    path("review/check/", review.check_selected, name="check_selected"),
    path("review/return/", review.return_selected, name="return_selected"),
    path("review/views/", saved_views.view_list, name="saved_views"),
    path("review/views/<int:pk>/rename/", saved_views.rename, name="saved_view_rename"),
    path("review/views/<int:pk>/delete/", saved_views.delete, name="saved_view_delete"),
    path("review/views/<int:pk>/default/", saved_views.open_by_itself, name="saved_view_default"),
    path("review/<int:pk>/", review.entry, name="entry"),
    path("review/<int:pk>/approve/", review.approve, name="approve"),
    path("review/<int:pk>/check/", review.check, name="check"),
    path("review/<int:pk>/return/", review.return_entry, name="return"),
    path("review/<int:pk>/comment/", review.comment, name="entry_comment"),
    path("review/<int:pk>/revoke/", review.revoke, name="revoke"),
    # why answers came back, read in the ministry and the regions
    path("returns/", returns.return_counts, name="returns"),
    path("returns/answers/", returns.returned_answers, name="returned"),
    # by which levels regions review; switched by ministry administrators
    path("levels/", levels.level_list, name="levels"),
    path("levels/<str:code>/", levels.level, name="level"),
    # read in the ministry and the regions; moved by ministry administrators
    path("quarters/", quarters.quarter_list, name="quarters"),
    path("quarters/<str:code>/", quarters.quarter, name="quarter"),
    path("quarters/<str:code>/begin-closing/", quarters.begin_closing, name="quarter_begin_closing"),
    path("quarters/<str:code>/close/", quarters.close, name="quarter_close"),
    path("quarters/<str:code>/reopen/", quarters.reopen, name="quarter_reopen"),
    path("quarters/<str:code>/exceptions/new/", quarters.exception_new, name="exception_new"),
    path("quarters/<str:code>/exceptions/<int:pk>/end/", quarters.exception_end, name="exception_end"),
    # lists of regional editors and the ministry
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/template/", imports.import_template, name="import_template"),
    path("imports/<int:pk>/", imports.import_run, name="import"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/apply/", imports.import_apply, name="import_apply"),
    path("imports/<int:pk>/undo/", imports.import_undo, name="import_undo"),
    path("imports/<int:pk>/discard/", imports.import_discard, name="import_discard"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    # what a person is told
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="notices_read"),
    path("inbox/letters/", inbox.letters, name="letters"),
    path("inbox/<int:pk>/", inbox.open_notice, name="notice"),
]
