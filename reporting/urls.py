"""Addresses of coverage and of briefs."""

from django.urls import path

from reporting.views import briefs, bundles, coverage, editions, quarters, search, verify

app_name = "reporting"

urlpatterns = [
    # everybody, within their reach
    path("search/", search.search, name="search"),
    path("coverage/", coverage.coverage, name="coverage"),
    path("coverage/file/", coverage.coverage_file, name="coverage_file"),
    path("coverage/institutions/", coverage.behind, name="behind"),
    path("coverage/institutions/file/", coverage.behind_file, name="behind_file"),
    # the ministry and the regions
    path("quarters/<str:code>/regions/", quarters.regions, name="quarter_regions"),
    path("quarters/<str:code>/regions/file/", quarters.regions_file, name="quarter_regions_file"),
    # the ministry
    path("briefs/", briefs.brief_list, name="briefs"),
    path("briefs/new/", briefs.brief_new, name="brief_new"),
    path("briefs/<int:pk>/", briefs.brief, name="brief"),
    path("briefs/<int:pk>/progress/", briefs.brief_progress, name="brief_progress"),
    path("briefs/<int:pk>/file/", briefs.brief_file, name="brief_file"),
    path("briefs/<int:pk>/institutions/", briefs.brief_records, name="brief_records"),
    path("briefs/<int:pk>/publish/", briefs.brief_publish, name="brief_publish"),
    path("briefs/<int:pk>/withdraw/", briefs.brief_withdraw, name="brief_withdraw"),
    path("briefs/<int:pk>/explain/", briefs.brief_explain, name="brief_explain"),
    # editions of the Order: read in the ministry, moved by its administrators
    path("editions/", editions.edition_list, name="editions"),
    path("editions/new/", editions.edition_new, name="edition_new"),
    path("editions/example/", editions.edition_example, name="edition_example"),
    path("editions/<int:pk>/", editions.edition, name="edition"),
    path("editions/<int:pk>/progress/", editions.edition_progress, name="edition_progress"),
    path("editions/<int:pk>/move/", editions.edition_move, name="edition_move"),
    path("editions/<int:pk>/effects/", editions.edition_effects, name="edition_effects"),
    path("editions/<int:pk>/file/", editions.edition_file, name="edition_file"),
    # everybody who sees the institution
    path("institutions/<str:bin>/sheet/", briefs.sheet, name="sheet"),
    # printed in the briefs; the second pair is open to everybody
    path("briefs/c/<slug:code>/institutions/", briefs.brief_records_by_code, name="brief_records_by_code"),
    path("verify/", verify.verify, name="verify"),
    path("verify/<slug:code>/", verify.verify, name="verify_code"),
    path("briefs/bundles/new/", bundles.bundle_new, name="bundle_new"),
    path("briefs/bundles/<int:pk>/", bundles.bundle, name="bundle"),
    path("briefs/bundles/<int:pk>/progress/", bundles.bundle_progress, name="bundle_progress"),
    path("briefs/bundles/<int:pk>/file/", bundles.bundle_file, name="bundle_file"),
]
