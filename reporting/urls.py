"""Addresses of coverage and of briefs."""

from django.urls import path

from reporting.views import briefs, coverage

app_name = "reporting"

urlpatterns = [
    # everybody, within their reach
    path("coverage/", coverage.coverage, name="coverage"),
    path("coverage/institutions/", coverage.behind, name="behind"),
    # the ministry
    path("briefs/", briefs.brief_list, name="briefs"),
    path("briefs/new/", briefs.brief_new, name="brief_new"),
    path("briefs/<int:pk>/", briefs.brief, name="brief"),
    path("briefs/<int:pk>/progress/", briefs.brief_progress, name="brief_progress"),
    path("briefs/<int:pk>/file/", briefs.brief_file, name="brief_file"),
    path("briefs/<int:pk>/institutions/", briefs.brief_records, name="brief_records"),
]
