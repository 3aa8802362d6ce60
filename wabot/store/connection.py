"""The connection to MongoDB, for the web process through Flask-PyMongo, for the others directly."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_pymongo import PyMongo
from pymongo import MongoClient

from . import Store
from .recent import Writes

OPTIONS: dict[str, Any] = {
    "tz_aware": True,
    "serverSelectionTimeoutMS": 2000,
    "connectTimeoutMS": 2000,
    "socketTimeoutMS": 15000,
    "waitQueueTimeoutMS": 5000,
    "maxPoolSize": 64,
}
"""Deadlines on everything; a dead database is a 503 after 2 seconds, not a hanging page."""


def open_store(uri: str) -> Store:
    """For processes without Flask: worker and commands. The URI names the database."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri, appname="wabot", **OPTIONS)
    return Store(client.get_default_database())


def open_store_for(app: Flask, uri: str, *, alone: bool) -> Store:
    """For the web process; `alone`: there is no other. Flask-PyMongo replaces `app.json` by one that shows Mongo types; ours never leave the store."""
    writes = Writes()
    mongo = PyMongo(app, uri=uri, appname="wabot", event_listeners=[writes], **OPTIONS)
    app.json = DefaultJSONProvider(app)
    if mongo.db is None:
        raise ValueError("MONGO_URI names no database")
    return Store(mongo.db, writes if alone else None)
