"""Many visitors at once, a burst, and many jobs one after the other, against the real page."""
