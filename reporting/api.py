"""Coverage for other programs: the same figures as the pages and the command, within the reader's scope."""

from __future__ import annotations

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.enums import Level, Measure, Scope
from compliance.models import RegisterDay
from institutions.enums import Kind, Ownership
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
