"""`benchmark_briefs`: how fast briefs are made, as ratios whose two sides are measured in one run."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance.models import Period
from institutions.clock import today
from institutions.models import LargeCity, Region
from reporting import gate, kinds, publishing, rendering, snapshot
from reporting.brief.imprint import Imprint
from reporting.records import Records

# A frozen brief: the snapshot with the records behind it.
Frozen = tuple[dict[str, Any], Records]
WORKERS = 2


class Command(BaseCommand):
    help = (
        "Time the making of briefs: the national one against WeasyPrint alone, 21 briefs on two workers against one, "
        "and a worker's memory over many. Stores nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--period", required=True, metavar="QUARTER", help="as in 2023Q1")
        parser.add_argument("--lang", default="kk", metavar="LANGUAGE")
        parser.add_argument("--rounds", type=int, default=5, help="of the national brief; the median counts")
        parser.add_argument("--memory-briefs", type=int, default=200, help="0 leaves the memory out")
        parser.add_argument("--without-workers", action="store_true", help="leave the two workers out")

    def handle(self, *args: Any, **options: Any) -> None:
        period = Period.objects.filter(code=options["period"]).first()
        if period is None:
            raise CommandError(f"--period: the register has no quarter {options['period']}.", returncode=2)
        started = time.perf_counter()
        national = self._frozen(period, options["lang"])
        self.stdout.write(f"national snapshot: {time.perf_counter() - started:.2f} s")
        self._against_weasyprint(national, options["rounds"])
        if not options["without_workers"] or options["memory_briefs"]:
            regions = [self._frozen(period, options["lang"], region) for region in Region.objects.all()]
            if not options["without_workers"]:
                self._on_workers([national, *regions])
            if options["memory_briefs"]:
                self._memory(regions, options["memory_briefs"])

    def _frozen(self, period: Period, language: str, region: Region | None = None) -> Frozen:
        taken = snapshot.take(period, language=language, today=today(), region=region)
        return dict(taken.snapshot), taken.records

    def _against_weasyprint(self, frozen: Frozen, rounds: int) -> None:
        """The whole way (gate, words, page, file with its data) against the engine alone on the same page.

        The ratio is that of processor seconds: what else runs on the machine does not count.
        """
        lines = _lines()
        html = rendering.render_html(frozen[0], _imprint(frozen[0]))
        whole, engine = [], []
        _make(frozen, lines)  # warm: fonts, stylesheets, charts
        for _round in range(rounds):
            whole.append(_timed(lambda: _make(frozen, lines)))
            engine.append(_timed(lambda: rendering.render_pdf(html)))
        (wall, ours), (wall_alone, alone) = (
            tuple(statistics.median(times) for times in zip(*taken, strict=True)) for taken in (whole, engine)
        )
        self.stdout.write(
            f"national brief (medians of {rounds}): {wall:.2f} s whole, {wall_alone:.2f} s WeasyPrint alone; "
            f"processor {ours:.2f} s and {alone:.2f} s, ratio {ours / alone:.2f}"
        )

    def _on_workers(self, briefs: list[Frozen]) -> None:
        rates = {}
        lines = _lines()
        for workers in (1, WORKERS):
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=django.setup) as pool:
                # Each worker once, so that none of them is cold.
                list(pool.map(_work, [(briefs[-1], lines)] * workers * 2, chunksize=1))
                started = time.perf_counter()
                list(pool.map(_work, [(one, lines) for one in briefs], chunksize=1))
                took = time.perf_counter() - started
            rates[workers] = len(briefs) / took
            self.stdout.write(f"{len(briefs)} briefs, workers {workers}: {took:.1f} s, {rates[workers]:.2f} a second")
        self.stdout.write(f"ratio of the rates: {rates[WORKERS] / rates[1]:.2f}")

    def _memory(self, briefs: list[Frozen], number: int) -> None:
        lines = _lines()
        sizes = []
        for at in range(number):
            _make(briefs[at % len(briefs)], lines)
            sizes.append(_resident())
        warm, half, end = (max(sizes[: max(1, number * part // 10)]) for part in (2, 5, 10))
        self.stdout.write(
            f"memory of a worker, highest so far: {warm} MB after a fifth of {number} briefs, {half} MB after half, "
            f"{end} MB after all; ratio {end / warm:.2f}"
        )


def _imprint(figures: dict[str, Any]) -> Imprint:
    return Imprint(
        f"117-{figures['period']['year']}-{figures['period']['quarter']}/1",
        date.fromisoformat(figures["known_on"]),
        code="0" * 12,
        site="https://register.example",
    )


def _lines() -> dict[str, str]:
    return dict(LargeCity.objects.values_list("line", "region__code"))


def _make(frozen: Frozen, lines: dict[str, str]) -> int:
    """As a worker does it, but for the storing. Raises `CommandError` where the gate refuses."""
    figures, records = frozen
    imprint = _imprint(figures)
    outcome = kinds.check(figures, records, imprint, city_lines_region=lines)
    if outcome.findings:
        raise CommandError(f"refused: {outcome.findings[0]}")
    imprint = Imprint(imprint.number, imprint.date, imprint.code, imprint.site, checks=outcome.results)
    html = rendering.render_html(figures, imprint)
    page = gate.check_page(html, kinds.compose(figures, imprint))
    if page.findings:
        raise CommandError(f"refused: {page.findings[0]}")
    return len(publishing.to_paper(html, figures, imprint).data)


def _work(task: tuple[Frozen, dict[str, str]]) -> int:
    return _make(*task)


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and on the processor."""
    started, worked = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - started, time.process_time() - worked


def _resident() -> int:
    """The process's memory in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
