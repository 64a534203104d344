"""What strangers may try over raw HTTP, and what comes back: against a page and a study that are really served."""
