"""What the export panel, the link to a session and the API say: key -> (English, Simplified Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "api_ours": ("Something went wrong on our side. Please try again.", "我们这边出了问题，请再试一次。"),
}
