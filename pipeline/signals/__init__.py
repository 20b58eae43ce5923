"""Named quality signals: small functions of one question. Importing this package registers all of them in `SIGNALS`, in a fixed order."""

from pipeline.signals import cues, damage, explanations, languages, options, stems
from pipeline.signals.registry import SIGNALS, Signal
from pipeline.signals.view import View

__all__ = ["SIGNALS", "Signal", "View", "cues", "damage", "explanations", "languages", "options", "stems"]
