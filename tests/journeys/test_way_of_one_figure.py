"""The way of one figure: a director's answer, an approver's decision, the coverage, the brief. With a real worker."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest

from compliance.periods import quarter_of
from institutions.clock import today
from tests.journeys.site import Page, Site, Visitor, wait_for

MEASURE, CODE = "cctv_connected", "CCTV-OPS"
REGION, KIND = "KZ-11", "school"

pytestmark = pytest.mark.journey


@pytest.fixture
def director(site: Site) -> Visitor:
    visitor = Visitor(site)
    visitor.sign_in("director")
    return visitor


@pytest.fixture
def approver(site: Site) -> Visitor:
    visitor = Visitor(site)
    visitor.sign_in("approver")
    return visitor


@pytest.fixture
def analyst(site: Site) -> Visitor:
    visitor = Visitor(site)
    visitor.sign_in("analyst")
    return visitor


def test_one_answer_changes_every_view_and_the_next_brief(
    site: Site, director: Visitor, approver: Visitor, analyst: Visitor
) -> None:
    quarter, *_days = quarter_of(today())
    before = site.figures(MEASURE)[REGION, KIND]
    first = make_brief(analyst, quarter)
    assert printed_pair(first) == before

    # The director says the opposite of what is approved, and sends it.
    own = director.get("/my/")
    bin_number = re.search(r"/institutions/(\d{12})/", own.url + own.text).group(1)  # type: ignore[union-attr]
    item = director.get(f"/institutions/{bin_number}/checklist/{CODE}/")
    was_met = approved_status(site, bin_number) == "met"
    sent = director.post(
        item.url,
        item,
        status="not_met" if was_met else "met",
        effective_on=today().isoformat(),
        note="Ақау анықталды" if was_met else "Қосылды",
        document_number="12/7",
        document_issuer="Полиция бөлімі",
        document_issued_on=today().isoformat(),
        base=item.field("base"),
        do="submit",
    )
    assert sent.status == 200
    assert site.figures(MEASURE)[REGION, KIND] == before, "nothing counts before it is approved"

    # The approver finds it in the queue, sees the proof and approves.
    entry = entry_of(approver, proof="№ 12/7, Полиция бөлімі")
    decided = approver.post(f"{entry.url}approve/", entry, **{"approve-shown": entry.field("approve-shown")})
    assert decided.status == 200

    # The worker counts it: in the command, on the page and in the API alike.
    after = (before[0], before[1] + (-1 if was_met else 1))
    wait_for(lambda: site.figures(MEASURE)[REGION, KIND] == after, seconds=30, what="the figure moves by one")
    api = analyst.get(f"/api/v1/coverage/?measure={MEASURE}&by=region,kind&region={REGION}&kind={KIND}")
    assert f'"total":{after[0]},"covered":{after[1]}' in api.text

    # The next brief says it; the first one is as it was.
    second = make_brief(analyst, quarter)
    assert printed_pair(second) == after
    assert second.number != first.number
    assert analyst.get(first.file_path).data == first.data
    site.manage("coverage_check", "--chains")


def test_the_same_figures_are_the_same_brief(analyst: Visitor) -> None:
    closed = "2023Q1"
    first = make_brief(analyst, closed)
    again = make_brief(analyst, closed)
    assert (first.number, first.data) == (again.number, again.data)


def test_a_lost_message_is_found_by_the_sweep(site: Site, director: Visitor, approver: Visitor) -> None:
    """What a command does without a broker at hand is counted all the same, by beat's sweep."""
    program = (
        "from django.utils import timezone; from compliance import hints, workflow;"
        "from compliance.models import StatusEntry; from institutions.models import User;"
        "hints.send = lambda *a, **k: None;"
        "by = User.objects.get(email__startswith='approver@');"
        "entry = StatusEntry.objects.decidable_by(by).select_related('item__institution').first();"
        "rows = workflow.approve(entry, by=by, now=timezone.now(), shown=entry.content_hash); print(len(rows))"
    )
    assert int(site.manage("shell", "--no-imports", "-c", program)) > 0
    waits = "from compliance.models import PendingFold; print(PendingFold.objects.count())"
    wait_for(
        lambda: int(site.manage("shell", "--no-imports", "-c", waits)) == 0, seconds=45, what="the sweep finds the rows"
    )
    assert "No drift." in site.manage("coverage_check")


# --- what a reader does -----------------------------------------------------------------------------


class MadeBrief:
    """A brief as downloaded."""

    def __init__(self, number: str, file_path: str, data: bytes) -> None:
        self.number = number
        self.file_path = file_path
        self.data = data


def make_brief(analyst: Visitor, quarter: str) -> MadeBrief:
    form = analyst.get("/briefs/new/")
    chosen = re.search(rf'<option value="([^"]*)"[^>]*>\s*[^<]*{quarter_words(quarter)}', form.text)
    assert chosen, form.words
    page = analyst.post("/briefs/new/", form, period=chosen.group(1), language="kk")
    assert re.search(r"/briefs/\d+/$", page.url), page.words
    path = page.url

    def ready() -> bool:
        nonlocal page
        page = analyst.get(path)
        return bool(page.links(r"/briefs/\d+/file/"))

    wait_for(ready, seconds=60, what="the brief is ready")
    file_path = page.links(r"/briefs/\d+/file/")[0]
    number = re.search(r"117-\d{4}-\d/\d+", page.words)
    assert number, page.words
    return MadeBrief(number.group(0), file_path, analyst.get(file_path).data)


def quarter_words(quarter: str) -> str:
    """How the form names a quarter, loosely: its year and its number."""
    year, number = quarter.split("Q")
    return rf"[^<]*{year}[^<]*{number}"


def printed_pair(brief: MadeBrief) -> tuple[int, int]:
    """Total and covered of the line of Aqmola's schools in the list of connected cameras, read from the PDF."""
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(brief.data)).pages)
    text = re.sub(r"\s+", " ", text)
    lines = re.findall(r"Ақмола \((\d+)(?:-\S+ (\d+))?\) – \d+%", text)
    assert len(lines) == 3, "kindergartens, schools, colleges"
    total, covered = lines[1]
    return int(total), int(covered or total)


def approved_status(site: Site, bin_number: str) -> str:
    program = (
        "from compliance.models import ChecklistItem;"
        f"print(ChecklistItem.objects.get(institution__bin='{bin_number}', requirement__code='{CODE}').status)"
    )
    return site.manage("shell", "--no-imports", "-c", program).strip()


def entry_of(approver: Visitor, *, proof: str) -> Page:
    """The page of the waiting entry that names a proof, found through the queue."""
    queue = approver.get("/review/")
    for link in dict.fromkeys(re.sub(r"\?.*", "", link) for link in queue.links(r"/review/\d+/(\?.*)?")):
        page = approver.get(link)
        if proof in page.words:
            return page
    raise AssertionError(queue.words)


def test_many_write_at_once_and_nobody_is_locked_out(site: Site, director: Visitor, approver: Visitor) -> None:
    """Two people save, one decides and the worker folds, all at the same time; every answer is a page."""
    own = director.get("/my/")
    bin_number = re.search(r"/institutions/(\d{12})/", own.url + own.text).group(1)  # type: ignore[union-attr]
    checklist = director.get(f"/institutions/{bin_number}/checklist/")
    items = list(dict.fromkeys(checklist.links(rf"/institutions/{bin_number}/checklist/[A-Z0-9-]+/")))[:8]
    editor = Visitor(site)
    editor.sign_in("editor")

    def save_all(visitor: Visitor, note: str) -> list[int]:
        statuses = []
        for path in items:
            page = visitor.get(path)
            if 'name="base"' not in page.text:  # an answer of theirs waits already
                continue
            saved = visitor.post(
                path,
                page,
                status="partly_met",
                effective_on=today().isoformat(),
                note=note,
                base=page.field("base"),
                do="save",
            )
            statuses += [page.status, saved.status]
        return statuses

    def approve_all() -> list[int]:
        statuses = []
        for _round in range(3):
            page = approver.get("/review/")
            marks = re.findall(r'name="shown" value="([^"]+)"', page.text)[:2]
            for mark in marks:
                statuses.append(approver.post("/review/approve/", page, shown=mark).status)
        return statuses

    with ThreadPoolExecutor(3) as people:
        work = [
            people.submit(save_all, director, "бірінші"),
            people.submit(save_all, editor, "екінші"),
            people.submit(approve_all),
        ]
        statuses = [status for done in work for status in done.result()]
    assert len(statuses) >= 12
    assert set(statuses) <= {200}, statuses
    waits = "from compliance.models import PendingFold; print(PendingFold.objects.count())"
    wait_for(lambda: int(site.manage("shell", "--no-imports", "-c", waits)) == 0, seconds=45, what="all is counted")
    assert "No drift." in site.manage("coverage_check", "--chains")
