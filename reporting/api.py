"""Coverage and quarters for other programs: the figures of the pages and commands, within the reader's scope."""

from __future__ import annotations

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.enums import Level, Measure, PeriodState, Scope
from compliance.models import Period, RegisterDay
from compliance.quarters import Tally, tallies
from institutions.clock import today
from institutions.enums import Kind, Ownership
from institutions.models import Institution
from reporting.coverage import Reach, figures
from reporting.forms import FiguresForm


class FigureSerializer(serializers.Serializer[None]):
    """A place (region code, KATO, line of large cities, or KZ), a kind (or all), and how many of how many."""

    place = serializers.CharField()
    kind = serializers.ChoiceField(choices=["all", *Kind.values])
    total = serializers.IntegerField()
    covered = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)


class CoverageView(APIView):
    """Coverage by a measure of the brief, on any day, as known on any day."""

    @extend_schema(
        operation_id="coverage_list",
        parameters=[
            OpenApiParameter("measure", enum=Measure.values, required=True),
            OpenApiParameter(
                "by",
                description="Any of region, locality, city_line, kind, with commas between; what is missing is summed.",
            ),
            OpenApiParameter(
                "scope",
                enum=Scope.values,
                description="The population; by default that over which the brief counts the measure.",
            ),
            OpenApiParameter("as_of", OpenApiTypes.DATE, description="The register's day by default."),
            OpenApiParameter("known_on", OpenApiTypes.DATE, description="All that is known by default."),
            OpenApiParameter("obliged_only", OpenApiTypes.BOOL),
            OpenApiParameter(
                "level",
                enum=Level.values,
                description="approved by default; verified counts those at which somebody has looked.",
            ),
            OpenApiParameter("region", description="Code, as in KZ-11."),
            OpenApiParameter("locality", description="KATO."),
            OpenApiParameter("city_line", description="A line of the brief."),
            OpenApiParameter("kind", enum=Kind.values),
            OpenApiParameter("ownership", enum=Ownership.values),
        ],
        responses=FigureSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """A line for every place and kind that `by` asks for, in the ministry's order, empty ones included."""
        params: QueryDict = request.query_params
        form = FiguresForm(params, reach=Reach.of(request.user), day=RegisterDay.current())
        if not form.is_valid():
            raise serializers.ValidationError(
                {name: [str(error) for error in form.errors[name]] for name in form.errors}
            )
        found = figures(form.question(), form.cleaned_data["by"])
        return Response([figure.as_dict() for figure in found])


class PeriodSerializer(serializers.Serializer[Tally]):
    """A quarter with counts of the reader's reach: of institutions; `waiting` counts answers."""

    code = serializers.CharField(source="period.code", help_text="2026Q1")
    starts_on = serializers.DateField(source="period.starts_on")
    ends_on = serializers.DateField(source="period.ends_on")
    state = serializers.ChoiceField(source="period.state", choices=PeriodState.choices)
    closed_on = serializers.DateField(
        source="period.closed_on", allow_null=True, help_text="The last day whose knowledge counts."
    )
    closed_at = serializers.DateTimeField(source="period.closed_at", allow_null=True)
    expected = serializers.IntegerField(help_text="Institutions that should confirm: open at the quarter's end.")
    confirmed = serializers.IntegerField()
    on_time = serializers.IntegerField(help_text="Of the confirmed.")
    waiting = serializers.IntegerField(help_text="Answers for the quarter that wait for a decision.")
    exceptions = serializers.IntegerField(help_text="Exceptions that were granted, ended ones included.")


class PeriodsView(APIView):
    """Quarters that have begun, newest first, with how many institutions of the reader's reach have confirmed."""

    @extend_schema(operation_id="periods_list", responses=PeriodSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All of them: there are four a year."""
        day = today()
        begun = list(Period.objects.begun(day).order_by("-starts_on"))
        rows = tallies(begun, Institution.objects.visible_to(request.user), day)
        return Response([PeriodSerializer(row).data for row in rows])
