"""What gunicorn and `flask --app wsgi` load."""

from wabot.app import create_app
from wabot.cli import register

app = create_app()
register(app)
