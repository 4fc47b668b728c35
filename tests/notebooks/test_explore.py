"""The desk in a real JupyterLab: opened, gone into, asked why, kept as a notebook, and found again by the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from house import REPOSITORY, House

from tests.browser.look import chromium

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SECONDS = 120


@pytest.fixture(scope="module")
def own_house(demo_house) -> House:
    """With notebooks of its own, to save one among them."""
    (demo_house.root / "notebooks").unlink()
    shutil.copytree(REPOSITORY / "notebooks", demo_house.root / "notebooks")
    return demo_house


@pytest.fixture(scope="module")
def lab(own_house):
    """JupyterLab at work in the house: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HOME": str(own_house.root / "home"), "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    arguments = ["jupyter", "lab", "notebooks/start_here.ipynb", "--allow-root", "--no-browser", f"--port={port}",
                 "--ServerApp.port_retries=0", "--IdentityProvider.token=t0k"]  # fmt: skip
    with open(own_house.root / "lab.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([sys.executable, "-m", *arguments], cwd=own_house.root, env=environment, stdout=log,
                                  stderr=subprocess.STDOUT)  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}/lab/tree/explore.ipynb?token=t0k&reset"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(SECONDS)


def opened(browser, address: str):
    """The notebook in a page of the browser, once the server answers."""
    from playwright.sync_api import Error

    page = browser.new_page(viewport={"width": 1280, "height": 1700})
    page.set_default_timeout(1000 * SECONDS)
    until = time.monotonic() + SECONDS
    while True:
        try:
            page.goto(address)
            break
        except Error:
            assert time.monotonic() < until, "JupyterLab does not answer"
            time.sleep(0.5)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector(":text('Python 3 (ipykernel) | Idle')")
    return page


def test_a_view_of_the_desk_is_kept_and_says_the_same_on_the_command_line(own_house, lab):
    with chromium() as browser:
        page = opened(browser, lab)
        page.click(".jp-Notebook .jp-CodeCell .jp-InputArea-editor")
        for _cell in range(3):
            page.keyboard.press("Shift+Enter")
        page.wait_for_selector("button:has-text('KUL')")
        page.focus("button:has-text('KUL')")
        page.keyboard.press("Enter")
        page.wait_for_selector(".lq-desk-said:has-text('of site KUL')")
        page.wait_for_selector("button:has-text('listing_new')")
        page.click("button:has-text('Ask why')")
        page.wait_for_selector(".jp-OutputArea :text('counterfeit') >> nth=0")
        page.click("button:has-text('Items')")
        page.wait_for_selector(":text('annotations behind the figure') >> nth=0")
        page.fill("input[placeholder*='kul_queues']", "kul_queues")
        page.keyboard.press("Tab")
        page.click("button:has-text('Save as notebook')")
        page.wait_for_selector(":text('labelqa run --notebook kul_queues')")
        said = page.locator(".lq-desk-said").inner_text()
        wide = page.evaluate("document.querySelector('.jp-Notebook .jp-OutputArea-output .widget-vbox').getBoundingClientRect().right")
        assert wide <= 1280
    assert "Traceback" not in (own_house.root / "lab.log").read_text(encoding="utf-8")
    own_house.labelqa("run", "--notebook", "kul_queues", "--market", "MY")
    folder = next((own_house.root / "reports" / "internal").glob("*/MY"))
    html = (folder / "kul_queues.html").read_text(encoding="utf-8")
    assert said.startswith("Accuracy of site KUL in MY") and said in html.replace("&#x27;", "'")
    assert json.loads((folder / "kul_queues.json").read_text(encoding="utf-8"))
