"""Addresses of the API, version 1: read-only, within the reader's scope."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from compliance.api import EntryViewSet, ItemViewSet
from institutions.api import InstitutionViewSet
from reporting.api import CoverageView, PeriodsView

app_name = "api"

router = SimpleRouter()
router.register("institutions", InstitutionViewSet, basename="institution")
router.register("entries", EntryViewSet, basename="entry")
router.register("items", ItemViewSet, basename="item")

urlpatterns = [
    path("coverage/", CoverageView.as_view(), name="coverage"),
    path("periods/", PeriodsView.as_view(), name="periods"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    *router.urls,
]
