"""A whole brief of 2023Q1 with the records behind every figure: the published figures, and institutions made for them.

The printed lines are those of `snapshots`; who is obliged, state or private, and how many learners there are, is made
up by a rule, so that every figure of the snapshot can be counted from the records.
"""

from __future__ import annotations

import copy
import csv
from collections import defaultdict
from typing import Any

from reporting.records import Group, Records
from tests.reporting.snapshots import KINDS, ROOT, rounded, snapshot_2023q1

LEARNERS = 100  # at each institution


def line_regions() -> dict[str, str]:
    """Line of large cities → code of its region."""
    with (ROOT / "institutions" / "data" / "cities.csv").open(encoding="utf-8", newline="") as file:
        return {row["brief_line"]: row["region_code"] for row in csv.DictReader(file)}


def full_2023q1(lang: str = "kk", *, closed: bool = True) -> tuple[dict[str, Any], Records]:
    """The snapshot with all of its parts, and its records."""
    snapshot = snapshot_2023q1(lang=lang, closed=closed)
    regions = line_regions()
    records: Records = {}
    key = 0
    for measure in snapshot["measures"]:
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for kind in KINDS:
            for line in measure["lines"][kind]:
                for at in range(line["total"]):
                    key += 1
                    missing = ("not_met", "partly_met", "unknown")[at % 3] if at % 29 == 0 else "not_met"
                    group = Group(
                        place=line["place"] if measure["scope"] == "national" else regions[line["place"]],
                        line="" if measure["scope"] == "national" else line["place"],
                        kind=kind,
                        ownership="private" if at % 4 == 3 else "state",
                        obliged=at % 5 != 4,
                        status="met" if at < line["covered"] else missing,
                    )
                    groups[str(group)].append(key)
        records[measure["code"]] = dict(sorted(groups.items()))
    _complete(snapshot, records)
    return snapshot, records


def full_region(lang: str = "kk") -> tuple[dict[str, Any], Records]:
    """A region's brief: an eighth of the country's institutions, put into the localities of Aqmola."""
    snapshot, country = full_2023q1(lang)
    with (ROOT / "institutions" / "data" / "districts.csv").open(encoding="utf-8", newline="") as file:
        places = [
            {"place": row["kato"], "name_kk": row["name_kk"], "name_ru": row["name_ru"]}
            for row in csv.DictReader(file)
            if row["region_code"] == "KZ-11"
        ]
    there = {
        region["place"]: place["place"] for region, place in zip(snapshot["places"]["national"], places, strict=False)
    }
    records: Records = {code: {} for code in country}
    for code, groups in country.items():
        together: defaultdict[str, list[int]] = defaultdict(list)
        for text, institutions in groups.items():
            together["|".join(text.split("|")[:3])] += institutions
        # Of each place and kind every eighth: as many in each measure.
        taken = {key for institutions in together.values() for key in sorted(institutions)[::8]}
        for text, institutions in groups.items():
            region, rest = text.split("|", 1)
            if region in there and (kept := [key for key in institutions if key in taken]):
                records[code][f"{there[region]}|{rest}"] = kept
    lines = {text.split("|")[1] for groups in records.values() for text in groups}
    snapshot["scope"] = {"kind": "region", "code": "KZ-11"}
    snapshot["area"] = {
        "place": "KZ-11", "name_kk": "Ақмола облысы", "name_ru": "Акмолинская область", "name_en": "Aqmola region",
    }  # fmt: skip
    snapshot["places"] = {
        "national": [place for place in places if place["place"] in there.values()],
        "large_cities": [place for place in snapshot["places"]["large_cities"] if place["place"] in lines],
    }
    _measure(snapshot["measures"], snapshot["places"], records)
    for measure in snapshot["measures"]:
        if measure["code"] in ("cctv_installed", "licensed_guard"):
            snapshot["institutions"][measure["scope"]] = {
                kind: measure["headline"][kind]["total"] for kind in ("all", *KINDS)
            }
    snapshot["not_covered"] = [
        {
            "measure": code,
            "institutions": [
                {"bin": f"{key:012d}", "name_kk": f"№ {key} мектеп", "name_ru": f"Школа № {key}", "place": place}
                for place in there.values()
                for status in ("not_met", "partly_met", "unknown")
                for key in chosen(records, code, place=place, status=status)
            ],
        }
        for code in records
    ]
    _complete(snapshot, records)
    return snapshot, records


def full_comparison(lang: str = "kk") -> tuple[dict[str, Any], Records]:
    """The quarter before the brief's made up by a rule: of every seven that are covered one was not, of eleven that
    are not one was, one in fifty was not counted yet, and some are no longer counted."""
    later, records = full_2023q1(lang)
    earlier: Records = {code: {} for code in records}
    for code, groups in records.items():
        for text, institutions in groups.items():
            head, status = text.rsplit("|", 1)
            for key in institutions:
                then = "not_met" if status == "met" and key % 7 == 0 else status
                then = "met" if status != "met" and key % 11 == 0 else then
                if key % 50:
                    earlier[code].setdefault(f"{head}|{then}", []).append(key)
                if key % 60 == 1:
                    earlier[code].setdefault(f"{head}|met", []).append(10_000_000 + key)
    measures = copy.deepcopy(later["measures"])
    _measure(measures, later["places"], earlier)
    for measure in measures:
        measure["obliged"] = _obliged(earlier, measure["code"])
    before = {
        "period": {"code": "2022Q4", "year": 2022, "quarter": 4, "closed": True},
        "as_of": "2022-12-31", "known_on": "2023-01-10", "measures": measures,
    }  # fmt: skip
    after = {name: later[name] for name in ("period", "as_of", "known_on", "measures")}
    snapshot = {
        "schema": 2, "scope": {"kind": "comparison", "code": "KZ"}, "lang": lang, "places": later["places"],
        "seal": later["seal"],
        "period": later["period"], "as_of": later["as_of"], "known_on": later["known_on"],
        "before": before, "after": after,
        "bridges": {
            measure["code"]: {
                place: _span(earlier, records, measure["code"], place)
                for place in ("", *(line["place"] for line in measure["lines"]["school"]))
            }
            for measure in measures
        },
    }  # fmt: skip
    return snapshot, {f"{code}@before": groups for code, groups in earlier.items()} | records


def _span(earlier: Records, later: Records, code: str, place: str) -> dict[str, int]:
    """By sets, apart from the code under test."""

    def keys(records: Records, *, met: bool) -> set[int]:
        return {
            key
            for text, institutions in records[code].items()
            if not place or place in text.split("|")[:2]
            for key in institutions
            if text.endswith("|met") or not met
        }

    was, now = keys(earlier, met=True), keys(later, met=True)
    known_then, known_now = keys(earlier, met=False), keys(later, met=False)
    return {
        "before": len(was), "gained": len((now - was) & known_then), "joined": len(now - known_then),
        "lost": len((was - now) & known_now), "left": len(was - known_now), "after": len(now),
    }  # fmt: skip


def _measure(measures: list[dict[str, Any]], places: dict[str, Any], records: Records) -> None:
    """Headlines and lines of measures by the records."""
    for measure in measures:
        code, scope = measure["code"], measure["scope"]
        where = "place" if scope == "national" else "line"
        measure["headline"] = {kind: counts(records, code, kind=kind) for kind in ("all", *KINDS)}
        measure["lines"] = {
            kind: [
                {"place": place["place"]}
                | {
                    name: number
                    for name, number in counts(records, code, kind=kind, **{where: place["place"]}).items()
                    if name != "not_applicable"
                }
                for place in places[scope]
            ]
            for kind in KINDS
        }


def _obliged(records: Records, code: str) -> dict[str, Any]:
    return {kind: counts(records, code, kind=kind, obliged=True) for kind in ("all", *KINDS)}


def _complete(snapshot: dict[str, Any], records: Records) -> None:
    """The parts of a snapshot that follow from its records."""
    for measure in snapshot["measures"]:
        measure["obliged"] = _obliged(records, measure["code"])
    snapshot["cuts"] = list(cuts(snapshot, records))
    snapshot["completeness"] = [
        {
            "measure": code,
            "total": counts(records, code)["total"],
            "answered": counts(records, code)["total"] - len(chosen(records, code, status="unknown")),
        }
        for code in records
    ]
    snapshot["trend"] = list(trend(snapshot))


def chosen(records: Records, code: str, **wanted: Any) -> list[int]:
    """Keys of the institutions of a measure whose group is as wanted; written apart from the code under test."""
    found = []
    for text, institutions in records[code].items():
        place, line, kind, ownership, obliged, status = text.split("|")
        has = {"place": place, "line": line, "kind": kind, "ownership": ownership, "status": status}
        has["obliged"] = obliged == "obliged"  # type: ignore[assignment]
        if all(has[name] == value for name, value in wanted.items()):
            found += institutions
    return found


def counts(records: Records, code: str, *, kind: str = "all", **wanted: Any) -> dict[str, Any]:
    if kind != "all":
        wanted["kind"] = kind
    total, covered = len(chosen(records, code, **wanted)), len(chosen(records, code, status="met", **wanted))
    return {"total": total, "covered": covered, "not_applicable": 0, "percent": rounded(covered, total)}


def cuts(snapshot: dict[str, Any], records: Records) -> Any:
    for place in snapshot["places"]["national"]:
        for code in records:
            for part, wanted in (
                ("all", {}),
                ("obliged", {"obliged": True}),
                ("state", {"ownership": "state"}),
                ("private", {"ownership": "private"}),
            ):
                found = counts(records, code, place=place["place"], **wanted)
                if found["total"]:
                    yield {
                        "place": place["place"], "measure": code, "part": part,
                        "total": found["total"], "covered": found["covered"], "percent": found["percent"],
                        "learners": LEARNERS * found["total"], "learners_covered": LEARNERS * found["covered"],
                        "learners_percent": found["percent"],
                    }  # fmt: skip


def trend(snapshot: dict[str, Any]) -> Any:
    """Two quarters that grow into this one."""
    for year, quarter, as_of, share in ((2022, 4, "2022-12-31", 8), (2023, 1, "2023-03-31", 10)):
        measures = {}
        for measure in snapshot["measures"]:
            every = measure["headline"]["all"]
            covered = every["covered"] * share // 10
            measures[measure["code"]] = {
                "place": "all", "total": every["total"], "covered": covered,
                "percent": rounded(covered, every["total"]),
            }  # fmt: skip
        yield {"year": year, "quarter": quarter, "as_of": as_of, "measures": measures}
