// The page follows runs that are going on, shows times in the reader's time zone, and has keys. It works without all of this.
"use strict";

const main = () => document.getElementById("main");
const offline = document.getElementById("offline");

/** Times in the reader's own time zone, and buttons that only scripts serve. */
function dress(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) {
      const two = (number) => String(number).padStart(2, "0");
      time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
      time.title = time.dateTime;
    }
  }
  for (const button of root.querySelectorAll("button[hidden]")) button.hidden = false;
}

/** Ask for the page again, and change what is different: the focus, the scrolling and what is folded stay as they are. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = fresh.getElementById("main");
  if (!found) return;
  dress(found);
  const follows = [...document.querySelectorAll("[data-follow]")].filter((log) => log.scrollTop + log.clientHeight >= log.scrollHeight - 4);
  Idiomorph.morph(main(), found, {
    ignoreActiveValue: true,
    callbacks: {
      // What the reader has changed stays: what is folded, checked and typed.
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS") && name !== "checked",
    },
  });
  document.title = fresh.title;
  for (const log of follows) log.scrollTop = log.scrollHeight;
}

let waiting = 0;
function later(seconds) {
  clearTimeout(waiting);
  if (seconds > 0) waiting = setTimeout(turn, seconds * 1000);
}

async function turn() {
  const seconds = Number(main().dataset.refresh || 0);
  if (document.hidden || seconds === 0) return;
  try {
    await refresh();
    offline.hidden = true;
    later(Number(main().dataset.refresh || 0));
  } catch {
    offline.hidden = false;
    later(5);
  }
}

document.addEventListener("visibilitychange", () => !document.hidden && turn());

/** Keys: j and k go through the rows, / to the search, u up, ? shows them. */
function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "u") [...document.querySelectorAll("header nav a")].at(-2)?.click();
  else if (event.key === "/") document.querySelector("[data-key='/']")?.focus();
  else return;
  event.preventDefault();
});

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.textContent = "copied";
    setTimeout(() => (copy.textContent = "copy"), 1500);
  }
  if (event.target.closest(".theme")) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const theme = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // It holds for this page only.
    }
  }
});

/** Exactly two runs can be compared; the one further down in the list is the older one. */
function comparing() {
  const form = document.querySelector("[data-compare]");
  if (!form) return;
  const button = form.querySelector("button.compare");
  const chosen = [...form.querySelectorAll("input[name=run]:checked")];
  button.disabled = chosen.length !== 2;
}

document.addEventListener("change", comparing);
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-compare]")) return;
  event.preventDefault();
  const chosen = [...event.target.querySelectorAll("input[name=run]:checked")].map((box) => box.value);
  if (chosen.length === 2) location.href = `/compare?${new URLSearchParams({ left: chosen[1], right: chosen[0] })}`;
});

dress(document);
comparing();
for (const log of document.querySelectorAll("[data-follow]")) log.scrollTop = log.scrollHeight;
later(Number(main().dataset.refresh || 0));
