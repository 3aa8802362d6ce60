"""The bare thing to compare accepting with: a Flask route that makes one insert."""

from __future__ import annotations

import os

from flask import Flask, request
from pymongo import MongoClient

from wabot.config import load
from wabot.store.connection import OPTIONS

app = Flask(__name__)
collection = MongoClient(load(os.environ).database_uri, **OPTIONS).get_default_database()["bare"]


@app.post("/insert")
def insert() -> tuple[dict[str, str], int]:
    made = collection.insert_one(request.get_json())
    return {"id": str(made.inserted_id)}, 202
