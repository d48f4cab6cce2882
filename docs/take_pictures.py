"""Take the pictures of these pages anew: `make pictures` (needs Debian's chromium and fonts-noto-color-emoji)."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from breakwater.cli import logs
from breakwater.cli.demo import Demo, running
from breakwater.model.access import INTERNAL
from breakwater.store import outbox

PICTURES = Path(__file__).parent / "pictures"
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 20_000
SIZE: ViewportSize = {"width": 1180, "height": 860}


def main() -> None:
    """Serve the demo, click through it and keep what is on show."""
    logs.to_stderr(quiet=True)
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "company", now=datetime.now(UTC), port=0) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(demo.sandbox.url)
        page.get_by_role("img", name="Payments per day").first.wait_for()
        _keep(page, "digest")
        _ask(page, "/recon nordbank")
        page.get_by_text("Newest run").last.wait_for()
        page.set_viewport_size({"width": 1180, "height": 1040})  # the whole answer, with the leg that ends there
        _keep(page, "recon")
        _ask(page, "/recon meridian")
        page.get_by_text("are one cause").last.wait_for()
        page.get_by_text("Newest run").last.wait_for()
        page.set_viewport_size({"width": 1180, "height": 1420})  # the whole answer: the causes stand at its head
        _keep(page, "recon-causes")
        page.set_viewport_size(SIZE)
        _ask(page, f"/payment {next(s.reference for s in demo.company.showcases if s.story == 'short paid')}")
        page.get_by_text("Amounts differ").last.wait_for()
        _keep(page, "payment")
        page.get_by_label("You act as").select_option(label="Bruno Keller")
        page.get_by_role("button", name="sepa-ops").click()
        page.get_by_role("heading", name="sepa-ops").wait_for()
        page.get_by_role("log", name="Messages").get_by_role("button", name="Acknowledge").last.click()
        page.get_by_role("log", name="Messages").get_by_text("Acknowledged by").last.wait_for()
        _keep(page, "break-cards")
        _write_off(page)
        page.locator("#go-app").click()
        page.get_by_text("Files due next").wait_for()
        _keep(page, "app-home")
        page.get_by_role("button", name="payments-ops").click()
        page.get_by_role("heading", name="payments-ops").wait_for()
        _incident(page)
        _digests(page, demo)
        browser.close()


def _write_off(page: Page) -> None:
    """From open to written off, by two people."""
    page.get_by_label("You act as").select_option(label="Devi Raman")
    page.get_by_role("button", name="cards-ops").click()
    page.get_by_role("heading", name="cards-ops").wait_for()
    shown = page.get_by_role("log", name="Messages")
    shown.get_by_role("button", name="Acknowledge").last.click()
    shown.get_by_role("button", name="Propose…").last.click()
    form = page.get_by_role("dialog", name="Propose")
    form.get_by_label("What", exact=True).select_option(label="Write-off: give up the whole amount")
    form.get_by_label("Reason").select_option(label="Below the cost of asking")
    form.get_by_label("Suspense account").fill("1790 Suspense cards")
    form.get_by_label("What it does to us").select_option(label="We lose it: the account is debited")
    form.get_by_label("Evidence").fill("https://tickets.harbour.example/PAY-17")
    form.get_by_label("What a second person should know").fill("The partner charges more for the question than it is worth.")
    _keep(page, "write-off-form")
    form.get_by_role("button", name="Propose").click()
    form.wait_for(state="hidden")
    shown.get_by_role("button", name="Approve").last.wait_for()
    _keep(page, "write-off-proposed")
    page.get_by_label("You act as").select_option(label="Ada Lindqvist")
    page.get_by_role("button", name="cards-ops").click()
    shown.get_by_role("button", name="Approve").last.click()
    page.get_by_role("dialog", name="Are you sure?").get_by_role("button", name="Approve").click()
    shown.get_by_text("Written off").last.wait_for()
    _keep(page, "written-off")
    page.get_by_label("You act as").select_option(label="Bruno Keller")


def _incident(page: Page) -> None:
    _ask(page, "/incident open nordbank")
    form = page.get_by_role("dialog", name="Open an incident")
    form.get_by_label("Title").fill("Statement of yesterday missing")
    form.get_by_label("What we know").fill("Nothing since 08:30. About EUR 90,000 waits to be reconciled.")
    form.get_by_label("Text for the partner").fill("The statement of yesterday has not arrived. Please send it, or tell us by when.")
    form.get_by_role("button", name="Preview").click()
    page.get_by_role("dialog", name="Preview").wait_for()
    _keep(page, "incident-preview")
    page.get_by_role("button", name="Open and send").click()
    page.get_by_text("Statement of yesterday missing").last.wait_for()
    page.get_by_label("You act as").select_option(label="Nils Petersen (Nordbank)")
    page.get_by_text("has not arrived").last.wait_for()
    _keep(page, "incident-partner")


def _digests(page: Page, demo: Demo) -> None:
    """A quiet digest, a busy one, and one with four thousand findings: those of the golden files, as the sender brings them."""
    page.get_by_label("You act as").select_option(label="Bruno Keller")
    page.get_by_role("button", name="payments-ops").click()
    for name, last_words in (("quiet", "All quiet at 1 partner"), ("busy", "below the amount asked for"), ("4000", "3,992 more")):
        payload = json.loads((GOLDEN / f"digest_full_{name}.json").read_text(encoding="utf-8"))
        with demo.bot.database.transaction() as tx:
            key, now = f"picture:{name}", datetime.now(UTC)
            outbox.enqueue(tx, key=key, kind=outbox.Kind.POST, audience=INTERNAL, channel="C0PAYOPS", payload=payload, now=now)
        page.get_by_text(last_words).last.wait_for()
        page.set_viewport_size({"width": 1180, "height": 700 if name == "quiet" else 1500})
        _keep(page, f"digest-{name}")
    page.set_viewport_size(SIZE)


def _ask(page: Page, command: str) -> None:
    composer = page.get_by_role("textbox", name="Message #")
    composer.fill(command)
    composer.press("Enter")


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(400)  # let the page finish moving
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
