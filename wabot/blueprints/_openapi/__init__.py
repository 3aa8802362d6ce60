"""The HTTP API, described from the code: URL map, views, and the models they read and answer."""
