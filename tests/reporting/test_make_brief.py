"""The command that makes a brief at once, in each of its languages."""

import pytest
from django.core.management import CommandError, call_command

from compliance.enums import Measure
from institutions.enums import Kind
from reporting.models import Brief
from tests.factories.institutions import InstitutionFactory, LargeCityFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registry(places, order, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    InstitutionFactory(locality=places.city, large_city=places.large_city)
    InstitutionFactory(locality=places.district, kind=Kind.COLLEGE)


def make(tmp_path, lang, *options):
    target = tmp_path / f"brief.{lang}"
    call_command("make_brief", "--period=2026Q2", f"--lang={lang}", f"--output={target}", *options)
    return target.read_bytes()


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("kk", "республикада 2 білім беру ұйымы жұмыс істейді (0 балабақша, 1 мектеп, 1 колледж)."),
        ("ru", "в республике действуют 2 организации образования (0 детских садов, 1 школа, 1 колледж)."),
        ("en", "2 education institutions are in operation in the country (0 kindergartens, 1 school, 1 college)."),
    ],
)
def test_a_brief_is_made_in_the_language_asked_for(tmp_path, lang, said):
    assert said in make(tmp_path, lang, "--text").decode().replace("\u00a0", " ")
    brief = Brief.objects.get()
    assert (brief.language, brief.snapshot["lang"], brief.state) == (lang, lang, "ready")
    assert f"2026Q2-{lang}-1-" in brief.file.name
    assert len(brief.snapshot["measures"]) == len(Measure)


def test_the_same_figures_in_another_language_are_another_brief_of_the_quarter(tmp_path):
    for lang in ("kk", "ru", "ru"):
        make(tmp_path, lang)
    assert list(Brief.objects.order_by("sequence").values_list("language", "sequence")) == [("kk", 1), ("ru", 2)]


def test_two_cities_of_a_line_are_joined_by_a_word(tmp_path, places):
    first = places.large_city
    LargeCityFactory(
        kato="352410000",
        region=first.region,
        name_kk="Теміртау",
        name_ru="Темиртау",
        name_en="Temirtau",
        line=first.line,
        line_order=first.line_order,
    )
    make(tmp_path, "ru", "--text")
    lines = Brief.objects.get().snapshot["places"]["large_cities"]
    assert [(line["name_kk"], line["name_ru"], line["name_en"]) for line in lines if line["place"] == first.line] == [
        ("Қарағанды және Теміртау ққ.", "Караганда и Темиртау", "Karaganda and Temirtau")
    ]


def test_a_language_in_which_nobody_writes_is_refused(tmp_path):
    with pytest.raises(CommandError, match="--lang: 'fr' is unknown; choose from kk, ru, en."):
        make(tmp_path, "fr")
    assert not Brief.objects.exists()
