"""Pages: the API's reference and the documents."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.support.contract import contract
from tests.support.pages import Browser
from tests.support.web import email
from wabot.blueprints._markdown import page, words
from wabot.blueprints._openapi.fields import Fields
from wabot.blueprints._openapi.operations import operations


def test_every_call_has_a_page_that_says_it_all(app: Flask, client: FlaskClient) -> None:
    index = client.get("/api/docs").get_data(as_text=True)
    for one in operations(app):
        assert f'href="/api/docs/{one.id}"' in index
        text = client.get(f"/api/docs/{one.id}").get_data(as_text=True)
        codes = {code for codes in one.errors.values() for code in codes}
        assert codes == set(re.findall(r'href="/docs/errors#([a-z_]+)"', text))
        assert all(f'data-snippet="{language}"' in text for language in ("curl", "Python", "JavaScript"))
        assert len(text) < 100_000
    assert client.get("/api/docs/nothing").status_code == 404


def test_calls_are_found_without_a_script(client: FlaskClient) -> None:
    text = client.get("/api/docs?q=webhook+secret").get_data(as_text=True)
    assert "rotate_webhook_secret" in text
    assert "/api/docs/login" not in text.partition("Find a call")[2]
    assert "&lt;b&gt;" in client.get("/api/docs?q=<b>").get_data(as_text=True)


def test_examples_of_answers_fit_their_schemas(app: Flask, client: FlaskClient) -> None:
    fields = Fields(contract().document["components"]["schemas"])
    for one in operations(app):
        for status in one.answers.good:
            said = contract().document["paths"][one.path][one.method.lower()]["responses"][str(status)]
            schema = said.get("content", {}).get("application/json", {}).get("schema")
            if schema is not None:
                error = next(contract().validator(schema).iter_errors(fields.example(schema)), None)
                assert error is None, f"{one.id}: {error and error.message}"


def test_the_reference_is_read_with_the_cookie_in_the_usual_frame(app: Flask, client: FlaskClient) -> None:
    browser = Browser(app).register(email())
    for path in ("/api/docs", "/api/docs/send_message", "/docs", "/docs/limits"):
        assert 'aria-label="Main"' in browser.open(path).get_data(as_text=True)
        assert 'aria-label="Main"' not in client.get(path).get_data(as_text=True)


def test_documents_lead_to_each_other(client: FlaskClient) -> None:
    seen, left = set(), ["/docs"]
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.mimetype == "text/html":
            text = answer.get_data(as_text=True).partition('<div class="prose">')[2]
            left += re.findall(r'(?:href|src)="(/docs[^"#]*)', text)
            ids = re.findall(r' id="([^"]+)"', answer.get_data(as_text=True))
            assert sorted(set(ids)) == sorted(ids), path
    assert len(seen) > 10
    assert client.get("/docs/..%2FREADME").status_code == 404
    assert client.get("/docs/nothing").status_code == 404
    assert client.get("/docs/images/..%2F..%2Fwsgi.py").status_code == 404


def test_markdown_lets_nothing_through() -> None:
    assert "<script" not in words("<script>alert(1)</script> `<b>`")
    assert "javascript:" not in page("# T\n[x](javascript:alert(1)) <img src=x onerror=alert(1)>").html.replace(
        "javascript:alert(1)) ", ""
    )
    shown = page(
        "# Title\n## A `part`\n[a](limits.md#x) [b](../wsgi.py) ![c](images/a.png)\n\n| code |\n| --- |\n| `not_found` |\n"
    )
    assert shown.title == "Title"
    assert [one.id for one in shown.headings] == ["a-part"]
    assert 'href="/docs/limits#x"' in shown.html
    assert "wsgi.py" not in shown.html
    assert 'id="not_found"' in shown.html


def test_the_cells_of_a_table_say_their_column_where_there_are_more_than_two() -> None:
    two = page("| code | meaning |\n| --- | --- |\n| `a` | b |\n").html
    three = page("| code | status | what it *means* |\n| --- | --- | --- |\n| `a` | 400 | |\n| `b` | 401 | c |\n").html
    assert "data-label" not in two
    assert re.findall(r'data-label="([^"]+)"', three) == ["status", "what it means"] * 2
    assert re.search(r"<td><code>b</code></td>\s*<td data-label=\"status\">401</td>", three)
