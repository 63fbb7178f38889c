"""The window for support: briefs, to look at."""

from django.contrib import admin

from institutions.admin import ReadOnlyAdmin
from reporting.models import Brief


@admin.register(Brief)
class BriefAdmin(ReadOnlyAdmin):
    """Made by `publishing`, never changed by hand."""

    list_display = (
        "number",
        "kind",
        "subject",
        "dated_on",
        "period",
        "language",
        "state",
        "progress",
        "requested_by",
        "requested_at",
    )
    list_filter = ("state", "language", "period")
    list_select_related = ("period", "requested_by")
    search_fields = ("number",)
    exclude = ("snapshot", "records")  # megabytes of JSON
