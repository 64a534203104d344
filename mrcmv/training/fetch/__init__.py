"""HoK400 and CFM400 from the authors' public lists: what is left of them after years, made trainable."""

from mrcmv.training.fetch.ask import Manners
from mrcmv.training.fetch.runner import fetch
from mrcmv.training.fetch.survivors import Survivors

__all__ = ["Manners", "Survivors", "fetch"]
