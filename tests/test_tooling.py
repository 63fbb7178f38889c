"""What lies beside the code: vendored assets, their references, the commands of the Makefile."""

import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
KAZAKH = "АаӘәБбВвГгҒғДдЕеЁёЖжЗзИиЙйКкҚқЛлМмНнҢңОоӨөПпРрСсТтУуҰұҮүФфХхҺһЦцЧчШшЩщЪъЫыІіЬьЭэЮюЯя"


@pytest.mark.parametrize("sheet", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_each_file_that_a_style_sheet_names_is_there(sheet: Path) -> None:
    named = re.findall(r"""url\(\s*["']?([^"')]+)["']?\s*\)""", sheet.read_text(encoding="utf-8"))
    local = [name.split("#")[0].split("?")[0] for name in named if not name.startswith(("data:", "#"))]
    assert [name for name in local if "//" in name or not (sheet.parent / name).is_file()] == []


@pytest.mark.parametrize("path", sorted([*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]), ids=lambda p: p.name)
def test_no_file_refers_to_a_source_map(path: Path) -> None:
    assert "sourceMappingURL" not in path.read_text(encoding="utf-8")


def test_icons_are_whole_and_each_has_a_name_of_its_own() -> None:
    sprite = ET.parse(STATIC / "img/icons.svg").getroot()  # noqa: S314 (our own file)
    symbols = sprite.findall("{http://www.w3.org/2000/svg}symbol")
    names = [symbol.get("id") for symbol in symbols]
    assert names == sorted(set(names), key=str)
    assert [symbol.get("id") for symbol in symbols if len(symbol) == 0] == []


def test_each_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / "img/icons.svg").read_text(encoding="utf-8")
    pattern = re.compile(r"icons\.svg' %}#([a-z0-9-]+)\"")
    named = {
        (template.relative_to(ROOT).as_posix(), name)
        for template in (ROOT / "templates").rglob("*.html")
        for name in pattern.findall(template.read_text(encoding="utf-8"))
    }
    assert [use for use in sorted(named) if f'<symbol id="{use[1]}"' not in sprite] == []


@pytest.mark.parametrize("style", ["regular", "italic", "bold", "bold-italic"])
def test_each_style_of_the_brief_has_all_letters_and_signs(style: str) -> None:
    with TTFont(STATIC / f"fonts/brief/{style}.woff2") as font:
        letters = set(font.getBestCmap())
        family = font["name"].getBestFamilyName()
    needed = KAZAKH + "0123456789 «»“”„–—…№₸%±×−≈≤≥→▲▼\u00a0\u202f\u2011"
    assert "".join(sign for sign in needed if ord(sign) not in letters) == ""
    assert family == "Brief Serif"


def test_the_faces_of_the_screen_have_all_kazakh_letters() -> None:
    letters: set[int] = set()
    for path in (STATIC / "fonts/inter").glob("*.woff2"):
        with TTFont(path) as font:
            letters |= set(font.getBestCmap())
    assert "".join(sign for sign in KAZAKH + "₸№–«»" if ord(sign) not in letters) == ""


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_each_locked_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8"))
    packages = [entry for entry in entries if re.match(r"[A-Za-z0-9._-]+(\[.*\])?==", entry)]
    assert packages
    assert [entry.split()[0] for entry in packages if "--hash=sha256:" not in entry] == []


def test_the_development_lock_holds_all_that_the_program_needs() -> None:
    pin = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?==\S+)", re.MULTILINE)
    runtime, development = (
        set(pin.findall((ROOT / name).read_text(encoding="utf-8")))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime - development == set()


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    for tool in ("id", "cat"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    look = subprocess.run(
        ["/bin/sh", ROOT / ".ci/system"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (look.returncode, look.stdout) == (1, "")
    assert (
        "apt-get install -y --no-install-recommends python3 python3-venv"
        " libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n" in look.stderr
    )


def test_a_python_that_is_too_old_is_refused_by_name(tmp_path: Path) -> None:
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    look = subprocess.run(["/bin/sh", ROOT / ".ci/system", old], capture_output=True, text=True, check=False)
    assert (look.returncode, look.stdout) == (1, "")
    assert look.stderr == f"PYTHON={old} does not start, or is older than Python 3.11.\n"
