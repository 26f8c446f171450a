"""Say how the console looks: one theme, light and dark, with the fonts that the machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from gradio.themes import Base
from gradio.themes.utils import colors, sizes

STYLE: Final = (Path(__file__).parent / "console.css").read_text(encoding="utf-8")
SANS: Final = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "sans-serif")
MONO: Final = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

THEME_SCRIPT: Final = """
<script>
(() => {
  const kept = localStorage.getItem("plangate-theme");
  const dark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const set = () => document.body.classList.toggle("dark", dark);
  if (document.body) set(); else addEventListener("DOMContentLoaded", set);
})();
</script>
"""
SWITCH_THEME: Final = """() => {
  const dark = document.body.classList.toggle("dark");
  localStorage.setItem("plangate-theme", dark ? "dark" : "light");
}"""

COLORS: Final[dict[str, Any]] = {
    "body_background_fill": "#f5f7f9",
    "body_background_fill_dark": "#0f1519",
    "body_text_color": "#17232b",
    "body_text_color_dark": "#e4ecf0",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "#172027",
    "background_fill_secondary": "#f5f7f9",
    "background_fill_secondary_dark": "#131b21",
    "block_background_fill": "#ffffff",
    "block_background_fill_dark": "#172027",
    "block_border_color": "#d9e1e6",
    "block_border_color_dark": "#2b3840",
    "border_color_primary": "#d9e1e6",
    "border_color_primary_dark": "#2b3840",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#11191f",
    "input_border_width": "1px",
    "input_border_width_dark": "1px",
    "input_border_color": "#a9b8c1",
    "input_border_color_dark": "#4b5d68",
    "input_border_color_focus": "#0b6e62",
    "input_border_color_focus_dark": "#4cc7b5",
    "input_padding": "8px 10px",
    "input_shadow": "none",
    "checkbox_label_background_fill": "#f0f4f6",
    "checkbox_label_background_fill_dark": "#1e2930",
    "checkbox_border_color": "#8fa1ac",
    "checkbox_border_color_dark": "#5c707c",
    "checkbox_background_color_selected": "#0b6e62",
    "checkbox_background_color_selected_dark": "#12897a",
    "checkbox_border_color_selected": "#0b6e62",
    "checkbox_border_color_selected_dark": "#12897a",
    "block_shadow": "none",
    "block_label_text_color": "#4a5b66",
    "block_label_text_color_dark": "#9db0bb",
    "block_title_text_color": "#33444f",
    "block_title_text_color_dark": "#b9c8d0",
    "button_primary_background_fill": "#0b6e62",
    "button_primary_background_fill_dark": "#12897a",
    "button_primary_background_fill_hover": "#095a50",
    "button_primary_background_fill_hover_dark": "#16a08f",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#ffffff",
}
"""Of paper, letters, lines and controls, each in light and in dark."""


def console_theme() -> Base:
    """Return the theme; nothing of it is loaded from elsewhere."""
    theme = Base(
        primary_hue=colors.teal,
        secondary_hue=colors.slate,
        neutral_hue=colors.slate,
        radius_size=sizes.radius_md,
        spacing_size=sizes.spacing_md,
        text_size=sizes.text_md,
        font=SANS,
        font_mono=MONO,
    )
    themed: Base = theme.set(**COLORS)
    return themed
