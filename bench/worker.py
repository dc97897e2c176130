"""The application as granian serves it: settings from the environment, nothing else."""

from infohus.app import create_app
from infohus.settings import Settings

app = create_app(Settings.read())
