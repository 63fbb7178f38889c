"""Kazakh hyphenation: patterns from the rules of the syllable, since no dictionary for `kk` exists.

A Kazakh syllable has exactly one vowel and at most one consonant before it, so a word breaks before each
consonant that a vowel follows (қа-зақ, көр-сет-кіш), and between two vowels. `write_dictionary` makes
`reporting/data/hyph_kk.dic`, the file that `reporting.rendering` registers; run this module after a change:

    python -m reporting.hyphenation

The patterns are in Liang's notation: an odd number allows a break, an even one forbids it, the higher wins.
"""

from pathlib import Path

DICTIONARY = Path(__file__).resolve().parent / "data" / "hyph_kk.dic"

VOWELS = "аәеёиоөуұүыіэюя"
CONSONANTS = "бвгғджзйкқлмнңпрстфхһцчшщ"
GLIDES = "иу"  # a vowel before or after a consonant, a glide after another vowel: тау, қию
SIGNS = "ьъ"
# Loan words open with clusters that no syllable of Kazakh has: they stay whole.
OPENING_CLUSTERS = ("стр", "спр", "скр", "здр", "взр", "шпр", "сфр", "спл", "скл", "шкл")
# A compound breaks where its parts meet, against the rule of one consonant.
COMPOUNDS = ("зақ3с4тан",)


def patterns() -> list[str]:
    """Every pattern once, in a stable order."""
    made: list[str] = []
    made += [f"1{consonant}{vowel}" for consonant in CONSONANTS for vowel in VOWELS]
    made += [f"{left}1{right}" for left in VOWELS for right in VOWELS]
    made += [f"{vowel}2{glide}" for vowel in VOWELS for glide in GLIDES]
    made += [f"{glide}1{vowel}" for glide in GLIDES for vowel in VOWELS if vowel not in GLIDES]
    # Between two vowels the glide is a consonant and opens the syllable: та-уар.
    made += [
        f"{left}3{glide}4{right}"
        for left in VOWELS
        for glide in GLIDES
        for right in VOWELS
        if left not in GLIDES and right not in GLIDES
    ]
    made += [f".{left}2{right}" for left in CONSONANTS for right in CONSONANTS]
    made += [f".{cluster[:-1]}2{cluster[-1]}" for cluster in OPENING_CLUSTERS]
    made += [f"{sign}1{consonant}" for sign in SIGNS for consonant in CONSONANTS]
    made += [f"{consonant}2{sign}" for sign in SIGNS for consonant in CONSONANTS]
    made += COMPOUNDS
    return list(dict.fromkeys(made))


def dictionary_text() -> str:
    """The dictionary in the format that pyphen reads; never fewer than two letters on either side."""
    return "UTF-8\nLEFTHYPHENMIN 2\nRIGHTHYPHENMIN 2\n" + "\n".join(patterns()) + "\n"


def write_dictionary(path: Path = DICTIONARY) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dictionary_text(), encoding="utf-8")


if __name__ == "__main__":
    write_dictionary()
