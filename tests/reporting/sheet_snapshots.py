"""A sheet as it is frozen, made by hand: every status, an answer that ended, an item that only the report counts."""

from __future__ import annotations

from typing import Any

CONTRACT = {"number": "11-26/2", "issuer": "«Сенім-Күзет» ЖШС", "issued_on": "2025-06-01"}


def answer(status: str, since: str, until: str | None = None, proof: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "status": status,
        "effective_on": since,
        "approved_on": "2026-03-02",
        "valid_until": until,
        "proof": proof,
    }


def item(
    code: str,
    status: str,
    given: dict[str, Any] | None = None,
    *,
    paragraph: str = "",
    since: str | None = None,
    obliged: bool = True,
) -> dict[str, Any]:
    return {
        "code": code,
        "paragraph": paragraph,
        "title_kk": f"{code} талабы",
        "title_ru": f"Требование {code}",
        "title_en": f"Requirement {code}",
        "obliged": obliged,
        "status": status,
        "since": since or (given and given["effective_on"]),
        "answer": given,
    }


def sheet_2026q2(lang: str = "kk") -> dict[str, Any]:
    """As of 20 May 2026, five obliged items and one that is only counted."""
    return {
        "schema": 2,
        "scope": {"kind": "institution", "code": "620740192140"},
        "lang": lang,
        "period": {"code": "2026Q2", "year": 2026, "quarter": 2, "closed": False},
        "as_of": "2026-05-20",
        "known_on": "2026-05-20",
        "institution": {
            "bin": "620740192140",
            "name_kk": "№ 31 «Балдәурен» бөбекжай-бақшасы КМҚК",
            "name_ru": "КГКП Ясли-сад № 31 «Балдаурен»",
            "kind": "kindergarten",
            "ownership": "state",
            "lifecycle": "open",
            "region_kk": "Астана қаласы",
            "region_ru": "город Астана",
            "region_en": "Astana",
            "locality_kk": "Алматы ауданы",
            "locality_ru": "район Алматы",
            "address_kk": "Абай даңғылы, 9",
            "address_ru": "проспект Абая, 9",
            "people": 1367,
            "group": 3,
        },
        "edition": {"code": "2022", "in_force_from": "2022-04-16"},
        "chapters": [
            {
                "code": "guarding",
                "title_kk": "Күзет",
                "title_ru": "Охрана",
                "title_en": "Guarding",
                "items": [
                    item(
                        "GUARD",
                        "met",
                        answer("met", "2025-06-10", "2027-06-01", CONTRACT),
                        paragraph="10; 77; annex 2 p. 4, 8-9",
                        obliged=False,
                    ),
                    item("POST", "partly_met", answer("partly_met", "2026-02-01"), paragraph="17(4)-(5)"),
                ],
            },
            {
                "code": "engineering",
                "title_kk": "Инженерлік-техникалық жабдық",
                "title_ru": "Инженерно-техническое оборудование",
                "title_en": "Engineering and technical equipment",
                "items": [
                    item("CCTV", "met", answer("met", "2022-09-01"), paragraph="79; 92 [2022]; 78 [2026]"),
                    item(
                        "ALARM",
                        "not_met",
                        answer("met", "2025-04-01", "2026-04-30", CONTRACT),
                        paragraph="93; annex 3",
                        since="2026-05-01",
                    ),
                    item("FENCE", "not_applicable", answer("not_applicable", "2026-01-01", "2026-12-31")),
                    item("LIGHT", "unknown", paragraph="84-85 [2022]; within 84-88 [2026]"),
                ],
            },
        ],
        "counts": {"all": 5, "met": 1, "partly_met": 1, "not_met": 1, "unknown": 1, "not_applicable": 1},
        "ledger": {"rows": 93, "hash": "0123456789abcdef" * 4},
        "seal": {"day": "2026-05-19", "root": "89abcdef01234567" * 4},
    }
