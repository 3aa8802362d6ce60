"""What gunicorn and `flask --app wsgi` load."""

import sys

from wabot.app import create_app
from wabot.cli import register
from wabot.config import ConfigError

NO_BOOT = 3
"""What gunicorn takes for a worker that can never start, instead of trying again at once."""

try:
    app = create_app()
except ConfigError as error:
    print(error.report, file=sys.stderr)
    sys.exit(NO_BOOT)
register(app)
