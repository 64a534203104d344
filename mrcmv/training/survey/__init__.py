"""Looking at a data set and listening to it: a contact sheet for the eye, measured sound for the ear."""

from .listening import Heard, as_table, hear, listen
from .sample import Seen, pick, read_seen, sample
from .sheet import contact_sheet

__all__ = ["Heard", "Seen", "as_table", "contact_sheet", "hear", "listen", "pick", "read_seen", "sample"]
