"""Reading the figures of a brief: what is right is read whole, what is wrong is named where it stands."""

import pytest
from django.utils import translation

from reporting.figures import FiguresError, read_figures, read_headlines, read_registry
from reporting.integrity import Headline, Line

REGIONS = ["KZ-11", "KZ-19"]
CITY_LINES = ["Семей қ.", "Атырау және Құлсары ққ."]

FIGURES = """\
measure,kind,line,place,place_kk,printed_total,printed_covered,printed_percent,as_printed
cctv_connected,kindergarten,4,KZ-11,Ақмола,122,114,93,Ақмола (122-ден 114) – 93%
cctv_connected,kindergarten,7,KZ-19,Алматы,101,6,6,Алматы (101- ден 6) – 6%
licensed_guard,school,5,Семей қ.,Семей қ.,70,,100,"Семей қ. (70) – 100%"
"""
HEADLINES = """\
measure,scope,kind,printed_total,printed_covered,printed_percent
institutions,large_cities,all,2621,,
turnstile,large_cities,all,2621,1410,54
turnstile,large_cities,college,,169,
"""
REGISTRY = """\
place_type,place,kind,institutions
region,KZ-11,college,26
city_line,Семей қ.,college,13
"""


def figures_of(path):
    return read_figures(path, regions=REGIONS, city_lines=CITY_LINES)


def registry_of(path):
    return read_registry(path, regions=REGIONS, city_lines=CITY_LINES)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def write(tmp_path):
    def write(content, name="figures.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


AKMOLA = Line(
    "cctv_connected",
    "national",
    "kindergarten",
    "KZ-11",
    122,
    114,
    93,
    "ден",
    4,
    "Ақмола (122-ден 114) – 93%",
)
ALMATY = Line("cctv_connected", "national", "kindergarten", "KZ-19", 101, 6, 6, "ден", 7, "Алматы (101- ден 6) – 6%")
SEMEY = Line("licensed_guard", "large_cities", "school", "Семей қ.", 70, None, 100, None, 5, "Семей қ. (70) – 100%")


def reordered():
    """The same table, its columns turned round, with one that nobody asked for."""
    rows = [row.replace('"', "").split(",") for row in FIGURES.splitlines()]
    return "".join(f"{','.join(['note', *reversed(row)])}\n" for row in rows)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FIGURES, id="as it is"),
        pytest.param(b"\xef\xbb\xbf" + FIGURES.encode(), id="with a byte order mark"),
        pytest.param(FIGURES.replace("\n", "\r\n"), id="with Windows line ends"),
        pytest.param(FIGURES.replace("\n", "\n\n") + ",,,,,,,,\n", id="with empty lines"),
        pytest.param(FIGURES.replace(",122,", ", 122 ,"), id="with spaces around a number"),
        pytest.param(FIGURES.replace("й", "и\u0306"), id="with decomposed letters"),
        pytest.param(reordered(), id="with other columns in another order"),
    ],
)
def test_figures_are_read_in_the_order_of_the_file(write, content):
    assert figures_of(write(content)) == [AKMOLA, ALMATY, SEMEY]


@pytest.mark.parametrize(
    ("as_printed", "suffix"),
    [
        ("Алматы (101- ден 6) – 6%", "ден"),
        ("Атырау (150–ден 17) – 11%", "ден"),
        ("Алматы қ. (214 – тен 100) – 47%", "тен"),
        ("Қонаев қ. (3- тен 2-і) – 67%", "тен"),
        ("Астана қ. (96 балабақшаның 8) – 8%", None),
        ("Астана қ. (96 мектеп) – 100%", None),
        ("", None),
    ],
)
def test_the_suffix_is_read_out_of_the_words(write, as_printed, suffix):
    content = FIGURES.replace("Ақмола (122-ден 114) – 93%", as_printed)
    assert figures_of(write(content))[0].suffix == suffix


def test_headlines_are_read_in_the_order_of_the_file(write):
    assert read_headlines(write(HEADLINES)) == [
        Headline("institutions", "large_cities", "all", 2621, None, None),
        Headline("turnstile", "large_cities", "all", 2621, 1410, 54),
        Headline("turnstile", "large_cities", "college", None, 169, None),
    ]


def test_the_registry_is_read_by_place_and_kind(write):
    assert registry_of(write(REGISTRY)) == {
        ("region", "KZ-11", "college"): 26,
        ("city_line", "Семей қ.", "college"): 13,
    }


def changed(content, old, new):
    assert content.count(old) == 1
    return content.replace(old, new)


FAULTS = [
    pytest.param(figures_of, "", 1, "measure", "the file is empty", id="empty file"),
    pytest.param(figures_of, "\n \n", 1, "measure", "the file is empty", id="file of blanks"),
    pytest.param(
        figures_of,
        FIGURES.splitlines()[0],
        2,
        "measure",
        "there is nothing below the header",
        id="header alone",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",printed_covered,", ",covered,"),
        1,
        "printed_covered",
        "the column is missing",
        id="missing column",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",place_kk,", ",place,"),
        1,
        "place",
        "the column stands there twice",
        id="column twice",
    ),
    pytest.param(
        figures_of,
        FIGURES.replace(",", ";"),
        1,
        "measure",
        "the column is missing",
        id="semicolons",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,", ",1O1,"),
        3,
        "printed_total",
        "“1O1” is not a whole number",
        id="letter in a number",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,", ",101.5,"),
        3,
        "printed_total",
        "“101.5” is not a whole number",
        id="broken number",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,", ",١٠١,"),
        3,
        "printed_total",
        "“١٠١” is not a whole number",
        id="digits of another script",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,6,", ",101,-6,"),
        3,
        "printed_covered",
        "“-6” is negative",
        id="negative number",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,", ",10000001,"),
        3,
        "printed_total",
        "“10000001” is too large",
        id="number too large",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",101,", ",,"),
        3,
        "printed_total",
        "the number is missing",
        id="no total",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",7,KZ", ",seven,KZ"),
        3,
        "line",
        "“seven” is not a whole number",
        id="letters for the line's number",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, "licensed_guard", "guard_dog"),
        4,
        "measure",
        "there is no measure “guard_dog”",
        id="unknown measure",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, ",school,", ",all,"),
        4,
        "kind",
        "there is no kind “all”",
        id="unknown kind",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, "KZ-19", "KZ-99"),
        3,
        "place",
        "“KZ-99” is no place of this measure",
        id="unknown place",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, "KZ-19", "Атырау және Құлсары ққ."),
        3,
        "place",
        "“Атырау және Құлсары ққ.” is no place of this measure",
        id="a city in a list of regions",
    ),
    pytest.param(figures_of, changed(FIGURES, "KZ-19", "KZ-11"), 3, "place", "the same as line 2", id="place twice"),
    pytest.param(
        figures_of,
        changed(FIGURES, ",Алматы (101- ден 6) – 6%", ""),
        3,
        "as_printed",
        "8 fields instead of 9",
        id="a field too few",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, "6 6".replace(" ", ","), "6,6,6"),
        3,
        "10",
        "10 fields instead of 9",
        id="a field too many",
    ),
    pytest.param(
        figures_of,
        changed(FIGURES, '100%"', "100%"),
        4,
        "measure",
        "the quotation marks do not close, or something stands behind them (unexpected end of data)",
        id="open quotation mark",
    ),
    pytest.param(
        figures_of,
        FIGURES.replace("қ", "к").replace("Қ", "К").encode("cp1251"),
        2,
        "place_kk",
        "not UTF-8: save the file in that encoding",
        id="Windows encoding",
    ),
    pytest.param(
        figures_of,
        FIGURES.encode("utf-16"),
        1,
        "1",
        "not UTF-8: save the file in that encoding",
        id="UTF-16",
    ),
    pytest.param(
        read_headlines,
        changed(HEADLINES, "institutions,", "facilities,"),
        2,
        "measure",
        "there is no measure “facilities”",
        id="unknown measure of a headline",
    ),
    pytest.param(
        read_headlines,
        changed(HEADLINES, "turnstile,large_cities,all", "turnstile,national,all"),
        3,
        "scope",
        "“national” is no scope of this measure",
        id="a measure of the other scope",
    ),
    pytest.param(
        read_headlines,
        changed(HEADLINES, "college", "all"),
        4,
        "kind",
        "the same as line 3",
        id="headline twice",
    ),
    pytest.param(
        read_headlines,
        changed(HEADLINES, ",54", ",54%"),
        3,
        "printed_percent",
        "“54%” is not a whole number",
        id="sign in a percentage",
    ),
    pytest.param(
        registry_of,
        changed(REGISTRY, "city_line", "city"),
        3,
        "place_type",
        "there is no type of place “city”",
        id="unknown type of place",
    ),
    pytest.param(
        registry_of,
        changed(REGISTRY, "city_line", "region"),
        3,
        "place",
        "“Семей қ.” is no place of this type",
        id="a city as a region",
    ),
    pytest.param(
        registry_of, changed(REGISTRY, ",13", ","), 3, "institutions", "the number is missing", id="no number"
    ),
]


@pytest.mark.parametrize(("read", "content", "line", "column", "problem"), FAULTS)
def test_a_fault_is_named_by_file_line_and_column(write, read, content, line, column, problem):
    path = write(content)
    with pytest.raises(FiguresError) as caught:
        read(path)
    error = caught.value
    assert (error.file, error.line, error.column, error.problem) == (path, line, column, problem)
    assert str(error) == f"{path}, line {line}, column {column}: {problem}"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FiguresError) as caught:
        read_headlines(tmp_path / "nothing.csv")
    assert caught.value.problem == "the file cannot be opened (No such file or directory)"
