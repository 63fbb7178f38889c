"""Make "Brief Serif", the face of the printed brief: Tinos 1.33 cut down to what a brief can hold.

    apt-get install fonts-croscore && .venv/bin/python .ci/brief_font.py [FOLDER WITH Tinos-*.ttf]

One whole file a style: WeasyPrint garbles Kazakh words whose letters come from several files of one family.
The family is renamed because some older versions reserve its name. Run by hand; results are committed.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/truetype/croscore")
TARGET = Path(__file__).resolve().parent.parent / "static" / "fonts" / "brief"
FAMILY = "Brief Serif"
# Style: (file, subfamily, weight, slope as CSS says them)
STYLES = {
    "Regular": ("regular", "Regular", 400, "normal"),
    "Italic": ("italic", "Italic", 400, "italic"),
    "Bold": ("bold", "Bold", 700, "normal"),
    "BoldItalic": ("bold-italic", "Bold Italic", 700, "italic"),
}
UNICODES = [
    *range(0x0020, 0x007F),
    *range(0x00A0, 0x0180),  # Latin-1 and Latin Extended-A
    0x02BC,  # modifier apostrophe
    *range(0x0400, 0x0530),  # Cyrillic with all Kazakh letters
    *range(0x2000, 0x2070),  # spaces, dashes, quotation marks, ellipsis, per mille
    *(0x2070, *range(0x2074, 0x208F)),  # superscripts and subscripts
    *(0x20AC, 0x20B8, 0x20BD),  # euro, tenge, rouble
    *(0x2113, 0x2116, 0x2122),  # litre, numero, trade mark
    *range(0x2150, 0x215F),  # fractions
    *range(0x2190, 0x219A),  # arrows
    *(0x2202, 0x2206, 0x220F, 0x2211, 0x2212, 0x2215, 0x2219, 0x221A, 0x221E, 0x2229, 0x222B),
    *(0x2248, 0x2260, 0x2261, 0x2264, 0x2265),  # about, unequal, same, at most, at least
    *(0x25A0, 0x25A1, 0x25B2, 0x25BA, 0x25BC, 0x25C4, 0x25CA, 0x25CB, 0x25CF, 0x25E6),  # marks in tables
]
# What a Kazakh, Russian or English brief cannot do without.
REQUIRED = "ӘәҒғҚқҢңӨөҰұҮүҺһІі ЁёЪъ АЯая AZaz 0123456789 «»“”„’–—…№₸§°±×−≈≤≥→▲▼\u00a0\u202f\u2011"


def cut(source: Path, style: str) -> Path:
    """Write the subset of one style as WOFF2 and return its path."""
    name, subfamily, *_ = STYLES[style]
    options = subset.Options(layout_features=["*"], hinting=False, flavor="woff2", name_IDs=["*"], notdef_outline=True)
    with TTFont(source / f"Tinos-{style}.ttf", recalcTimestamp=False) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=UNICODES)
        subsetter.subset(font)
        missing = sorted(set(map(ord, REQUIRED)) - set(font.getBestCmap()))
        if missing:
            raise SystemExit(f"Tinos-{style} lacks " + ", ".join(f"U+{code:04X}" for code in missing))
        for record in list(font["name"].names):
            if record.nameID not in {0, 1, 2, 3, 4, 5, 6, 13, 14}:
                font["name"].removeNames(nameID=record.nameID)
        renamed = {1: FAMILY, 2: subfamily, 4: f"{FAMILY} {subfamily}", 6: f"BriefSerif-{style}"}
        renamed[3] = f"{renamed[6]}; made from Tinos 1.33"
        for name_id, text in renamed.items():
            font["name"].removeNames(nameID=name_id)
            font["name"].setName(text, name_id, 3, 1, 0x409)
        target = TARGET / f"{name}.woff2"
        font.flavor = "woff2"
        font.save(target)
    return target


def face(style: str) -> str:
    name, _, weight, slope = STYLES[style]
    return (
        f'@font-face {{\n  font-family: "{FAMILY}";\n  font-style: {slope};\n  font-weight: {weight};\n'
        f'  src: url("../fonts/brief/{name}.woff2") format("woff2");\n}}\n'
    )


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    TARGET.mkdir(parents=True, exist_ok=True)
    for style in STYLES:
        target = cut(source, style)
        print(f"{target.name}: {target.stat().st_size:,} bytes")
    sheet = TARGET.parent.parent / "css" / "brief-fonts.css"
    sheet.write_text(
        "/* Brief Serif, the face of the printed brief: one whole file a style.\n"
        "   SIL OFL 1.1 (fonts/brief/LICENSE.txt); written by .ci/brief_font.py. */\n\n"
        + "\n".join(face(style) for style in STYLES),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
