// Dark or light: as the system says, or as the reader chose.

const THEMES = ["auto", "light", "dark"];

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  document.getElementById("theme").textContent = `Theme: ${name}`;
  try { localStorage.setItem("plangate-theme", name); } catch { /* a file without storage keeps its theme while it is open */ }
}

function storedTheme() {
  try { return localStorage.getItem("plangate-theme"); } catch { return null; }
}

document.getElementById("theme").addEventListener("click", () => {
  const now = THEMES.indexOf(document.documentElement.dataset.theme);
  setTheme(THEMES[(now + 1) % THEMES.length]);
});

setTheme(THEMES.includes(storedTheme()) ? storedTheme() : "auto");
