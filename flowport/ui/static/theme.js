// Before anything is drawn: the theme that was chosen on this machine.
"use strict";
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Without storage, the theme is that of the system.
}
