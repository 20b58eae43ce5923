"""Named quality signals: small functions of one question. Importing this package registers all of them in `SIGNALS`, in a fixed order."""

from pipeline.assess.signals import cues, damage, explanations, languages, options, stems
from pipeline.assess.signals.registry import SIGNALS, Signal
from pipeline.assess.signals.view import View

__all__ = ["SIGNALS", "Signal", "View", "cues", "damage", "explanations", "languages", "options", "stems"]
