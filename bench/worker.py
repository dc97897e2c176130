"""The application as granian serves it, with the settings of the environment."""

from infohus.app import create_app
from infohus.settings import Settings

app = create_app(Settings.read())
