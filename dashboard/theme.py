"""The one theme: colours for both modes, through the design system's own variables."""

from __future__ import annotations

from typing import Any

_LIGHT = {
    "primary": {"main": "#1c5d99", "contrastText": "#ffffff"},
    "secondary": {"main": "#6a3fb5", "contrastText": "#ffffff"},
    "success": {"main": "#1b6b3a"},
    "warning": {"main": "#8a5200"},
    "error": {"main": "#b3261e"},
    "background": {"default": "#f3f5f8", "paper": "#ffffff"},
    "text": {"primary": "#1d2430", "secondary": "#566070"},
}
_DARK = {
    "primary": {"main": "#8fbdec", "contrastText": "#0d2238"},
    "secondary": {"main": "#c8b0f5", "contrastText": "#2a1650"},
    "success": {"main": "#85d3a0"},
    "warning": {"main": "#efbd6d"},
    "error": {"main": "#ff9d94"},
    "background": {"default": "#12161d", "paper": "#1a2029"},
    "text": {"primary": "#e7ebf2", "secondary": "#a7b2c2"},
}
_FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif'

_SX = {
    "& .header": {
        "backgroundColor": "var(--mui-palette-background-paper)",
        "backgroundImage": "none",
        "color": "var(--mui-palette-text-primary)",
        "boxShadow": "none",
        "borderBottom": "1px solid var(--mui-palette-divider)",
    },
    "& .MuiToolbar-root": {"minHeight": "52px !important", "height": "52px"},
    "& .MuiToolbar-root > .MuiBox-root:has(> div)": {"minWidth": 0},
    # Drawn even when no busy indicator is asked for; nameless, so a fault for screen readers.
    "& .MuiLinearProgress-root": {"display": "none"},
    "& .header .title": {
        "color": "var(--mui-palette-text-primary)",
        "fontSize": "20px",
        "fontWeight": 700,
        "letterSpacing": "-0.01em",
        "marginRight": "4px",
    },
    # A phone has no room for the name beside what the agent does.
    "@media (max-width: 480px)": {"& .header a:has(> .title)": {"display": "none"}},
}
"""A quiet header: the design system's own is a coloured band."""


def frame_themes() -> dict[str, dict[str, str]]:
    """The colours of the page's frame, by theme and by what they are for."""
    lines = {"light": "rgba(0, 0, 0, .12)", "dark": "rgba(255, 255, 255, .12)"}
    return {
        theme: {
            "back": palette["background"]["default"],
            "paper": palette["background"]["paper"],
            "text": palette["text"]["primary"],
            "soft": palette["text"]["secondary"],
            "primary": palette["primary"]["main"],
            "line": lines[theme],
        }
        for theme, palette in (("light", _LIGHT), ("dark", _DARK))
    }


def page_style() -> dict[str, Any]:
    """Keyword arguments of ``pmui.Page`` that make the page ours."""
    typography = {"fontFamily": _FONT, "button": {"textTransform": "none"}}
    return {
        "theme_config": {
            "light": {"palette": _LIGHT, "typography": typography},
            "dark": {"palette": _DARK, "typography": typography},
        },
        "busy_indicator": None,
        "theme_toggle": False,  # the theme is the browser's alone: `web/frame/theme.js`
        "site_url": "",
        "sx": _SX,
    }
