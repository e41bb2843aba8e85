"""A visit to the page with a browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
SERIOUS = ("serious", "critical")


class Visit:
    """A tab. `problems` are errors of scripts, refused resources, and requests to anywhere but the server."""

    def __init__(self, browser: Browser, address: str, axe: str, is_dark: bool = False, is_phone: bool = False) -> None:
        self._axe, self.address = axe, address
        self.problems: list[str] = []
        self._context = browser.new_context(
            viewport=PHONE if is_phone else DESK,  # type: ignore[arg-type]
            color_scheme="dark" if is_dark else "light",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
            bypass_csp=False,
        )
        self.tab: Page = self._context.new_page()
        self.tab.on("pageerror", lambda error: self.problems.append(str(error)))
        self.tab.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.tab.on("request", lambda request: self._sees(request.url))

    def _sees(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"asks for {url}")

    def open(self, path: str = "/") -> None:
        """Go to an address of the page."""
        self.tab.goto(self.address + path)

    def text(self) -> str:
        """What the main part says, in one line."""
        return " ".join(self.tab.inner_text("main").split())

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.tab.wait_for_load_state()  # the script that listens to them is there
        for key in keys:
            self.tab.keyboard.press(key)

    def focused(self) -> str:
        """The text of the element that has the focus, or its name."""
        self.tab.wait_for_load_state()
        return str(self.tab.evaluate("document.activeElement.textContent.trim() || document.activeElement.getAttribute('name')"))

    def replace(self, text: str, other: str) -> None:
        """Replace a text wherever the page shows it."""
        script = """([text, other]) => {
            const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            for (let node; (node = all.nextNode()); ) node.data = node.data.replaceAll(text, other);
        }"""
        self.tab.evaluate(script, [text, other])

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def barriers(self) -> list[str]:
        """What axe finds that is serious, by its rule and place."""
        # The policy of the page lets no script in but its own, so axe comes in by the protocol of the debugger.
        self.tab.evaluate(self._axe + "\n;0")
        found: dict[str, Any] = self.tab.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
            for rule in found["violations"]
            if rule["impact"] in SERIOUS
            for node in rule["nodes"]
        ]

    def close(self) -> None:
        """Close the tab."""
        self._context.close()
