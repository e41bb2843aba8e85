"""Makes docs/card.png: the card of `examples/digits.py`, as Chromium shows it. `python tests/cards/picture.py` writes it anew."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = "720,1160"
"""The width and the height of the window, in pixels of the page."""


def main() -> None:
    """Run the example, write its card, and take its picture."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("there is no `chromium` on this machine")
    with tempfile.TemporaryDirectory() as folder:
        page, store = Path(folder, "card.html"), str(Path(folder, "store"))
        command = [str(Path(sys.executable).with_name("flowport"))]
        subprocess.run([*command, "run", "-q", str(ROOT / "examples" / "digits.py"), "--store", store, "--run-id", "monday"], check=True)
        subprocess.run([*command, "card", "get", "DigitsFlow/monday/report", "--store", store, "-o", str(page)], check=True)
        # The time of the run is no reason for another picture.
        page.write_text(
            re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</span><span>[^<]*", "2026-11-21 07:30:21 UTC</span><span>0.2 s", page.read_text())
        )
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=2"]
        shot = [f"--window-size={SIZE}", f"--screenshot={ROOT / 'docs' / 'card.png'}", page.as_uri()]
        subprocess.run([browser, *options, *shot], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
