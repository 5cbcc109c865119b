"""A cell that is run again leaves no old model behind; what is shown or held stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser import Console
from hosts.conftest import forget_settings
from hosts.kit import Lab, Notebook, Notebook7
from hosts.server import Jupyter
from hosts.view import View
