"""Folds of a tiny model, trained for real."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.pipeline.evidence.conftest import row

from pipeline.common.store.evidence import newest_evidence, read_evidence, read_summary
from pipeline.evidence.folds import BASE, done, file_of, planned
from pipeline.evidence.run import gather
from pipeline.evidence.table import sentence, weigh, write_evidence
from schemas.config.base import PROJECT_ROOT
from schemas.errors import TrainingError
