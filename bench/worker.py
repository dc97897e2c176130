"""The application as granian serves it, with the settings of the environment."""

from infohus.app import application

app = application()
