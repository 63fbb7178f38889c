"""Fetch the vendored web assets from the npm registry into `static/`.

    python3 .ci/vendor.py

Needs npm; run by hand, results are committed. Every version is pinned here; `static/vendor/README.md` lists
what came from where under which licence. Nothing is built: files are copied, source map references are cut
off, and the icons become one sprite.
"""

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"

TABLER = "@tabler/core@1.6.1"
ICONS = "@tabler/icons@3.51.0"
INTER = "@fontsource-variable/inter@5.3.0"

INTER_SCRIPTS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext")

ICON_NAMES = """
    adjustments alert-circle alert-triangle arrow-back-up arrow-left arrow-right arrows-diff ban bell book
    building building-community calendar camera chart-bar chart-line check checklist chevron-down
    chevron-left chevron-right chevron-up circle-check circle-dashed circle-half circle-x clipboard-check
    clock copy device-cctv device-floppy download external-link eye eye-off file-import file-text
    file-type-pdf filter help-circle history home hourglass inbox info-circle key language list-check
    loader-2 lock login logout mail map map-pin menu-2 moon paperclip pencil phone photo plus printer qrcode
    refresh report school search send settings shield shield-check sun table trash upload user user-check
    users world x
""".split()


def unpack(package: str, into: Path) -> Path:
    """Download one npm package and return the folder that holds its files."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=into, check=True, stdout=subprocess.PIPE, text=True
    )
    archive = into / packed.stdout.split()[-1]
    folder = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def without_source_map(text: str) -> str:
    """The maps are not vendored, and a reference to a missing file stops `collectstatic`."""
    return re.sub(r"\s*(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?\s*$", "\n", text)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def tabler(folder: Path) -> None:
    for source in ("dist/css/tabler.min.css", "dist/js/tabler.min.js"):
        text = (folder / source).read_text(encoding="utf-8")
        write(STATIC / "vendor/tabler" / Path(source).name, without_source_map(text))


def sprite(folder: Path) -> None:
    symbols = []
    for name in ICON_NAMES:
        drawing = (folder / f"icons/outline/{name}.svg").read_text(encoding="utf-8")
        paths = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", drawing)
        # The first path of each icon is the invisible 24 x 24 frame.
        shown = "".join(path.replace(" />", "/>") for path in paths if "M0 0h24v24H0z" not in path)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linecap="round" stroke-linejoin="round">{shown}</symbol>'
        )
    write(
        STATIC / "img/icons.svg",
        f"<!-- {ICONS}, MIT, Copyright (c) 2020-2026 Paweł Kuna: see vendor/tabler/LICENSE-icons.txt -->\n"
        '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n",
    )
    write(STATIC / "vendor/tabler/LICENSE-icons.txt", (folder / "LICENSE").read_text(encoding="utf-8"))


def inter(folder: Path) -> None:
    sheet = (folder / "index.css").read_text(encoding="utf-8")
    faces = [
        "/* Inter, the face of the screens: one file a script, loaded when its letters are on the page.\n"
        f"   From {INTER}, SIL OFL 1.1 (fonts/inter/LICENSE.txt); written by .ci/vendor.py. */"
    ]
    for script in INTER_SCRIPTS:
        name = f"inter-{script}-wght-normal"
        face = re.search(rf"/\* {name} \*/\n(@font-face {{.*?}})", sheet, re.DOTALL)
        if face is None:
            raise SystemExit(f"{INTER} has no face {name}")
        font = (folder / f"files/{name}.woff2").read_bytes()
        target = STATIC / f"fonts/inter/inter-{script}.woff2"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(font)
        rule = face[1].replace(f"./files/{name}.woff2", f"../fonts/inter/inter-{script}.woff2")
        rule = rule.replace("'Inter Variable'", '"Inter"').replace("'woff2-variations'", '"woff2"')
        faces.append(rule.replace("url(", 'url("').replace("woff2) ", 'woff2") '))
    write(STATIC / "css/fonts.css", "\n\n".join(faces) + "\n")
    write(STATIC / "fonts/inter/LICENSE.txt", (folder / "LICENSE").read_text(encoding="utf-8"))


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        tabler(unpack(TABLER, Path(scratch)))
        sprite(unpack(ICONS, Path(scratch)))
        inter(unpack(INTER, Path(scratch)))


if __name__ == "__main__":
    main()
