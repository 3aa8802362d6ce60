"""The rows of tests/test_matrix.py: who may call which route, and what they get (the gateway doesn't run there: 503)."""

from __future__ import annotations

import secrets

from tests.support.matrix import PASSWORD, Row, World

_SEND = {"to": "+12025570124", "message": "hello", "session": "shop"}
_NO_TOKEN = {"token": "nonsense"}
_NEW_WEBHOOK = {"url": "http://93.184.215.14/hook", "events": ["message.received"]}
_SINCE = {"since": "2026-01-31T12:00:00Z"}
_NEW_KEY = {"name": "new", "scopes": ["send"]}


def _settings(world: World) -> dict[str, object]:
    values = world.services.preferences.current().model_dump()
    return {**values, "sessions_per_user": values["sessions_per_user"] % 100 + 1}


def _disabled(world: World) -> dict[str, object]:
    return {"user_id": world.disabled.user.id}


def _newcomer(_: World) -> dict[str, object]:
    return {"email": f"{secrets.token_hex(6)}@example.com", "password": PASSWORD}


def _new_phone(_: World) -> dict[str, object]:
    return {"number": f"1202555{secrets.randbelow(10_000):04d}", "name": "Kim"}


PUBLIC = {
    "GET /api/events/schemas": Row("public"),
    "GET /api/openapi.json": Row("public"),
    "GET /api/docs": Row("public"),
    "GET /api/docs/<operation_id>": Row("public", path={"operation_id": "send_message"}),
    "GET /docs": Row("public"),
    "GET /docs/<name>": Row("public", path={"name": "limits"}),
    "GET /docs/images/<path:name>": Row("public", path={"name": "dashboard-wide-light.webp"}),
    "GET /docs/screenshots/<path:name>": Row("public", 404, path={"name": "nothing.png"}),
    "GET /": Row("public"),
    "GET /login": Row("public"),
    "POST /login": Row("public", 401, form={"email": "nobody@example.com", "password": PASSWORD}),
    "GET /login/code": Row("public", 302),
    "POST /login/code": Row("public", 302, form={"otp": "123456"}),
    "GET /register": Row("public"),
    "POST /register": Row("public", 302, form=_newcomer),
    "POST /language": Row("public", 302, form={"language": "pt-BR", "next": "/login"}),
    "POST /theme": Row("public", 302, form={"theme": "dark", "next": "/login"}),
    "GET /styleguide": Row("public"),
    "GET /forgot": Row("public"),
    "POST /forgot": Row("public", 302, form={"email": "nobody@example.com"}),
    "POST /password-hint": Row("public", form={"password": PASSWORD}),
    "GET /reset/<token>": Row("public", 400, path=_NO_TOKEN),
    "POST /reset/<token>": Row("public", 400, path=_NO_TOKEN, form={"password": PASSWORD}),
    "GET /confirm": Row("public"),
    "POST /confirm": Row("public", 302, form={"email": "nobody@example.com"}),
    "GET /confirm/<token>": Row("public", 400, path=_NO_TOKEN),
    "POST /confirm/<token>": Row("public", 400, path=_NO_TOKEN),
    "GET /static/<path:filename>": Row("public"),
    "GET /healthz": Row("public"),
    "GET /metrics": Row("public"),
    "GET /readyz": Row("public", 503),
    "POST /api/auth/login": Row("public", 401, json={"email": "nobody@example.com", "password": PASSWORD}),
    "POST /api/auth/forgot-password": Row("public", 202, json={"email": "nobody@example.com"}),
    "POST /api/auth/reset-password": Row("public", 400, json={"token": "nonsense", "password": PASSWORD}),
    "POST /api/auth/send-confirmation": Row("public", 202, json={"email": "nobody@example.com"}),
    "POST /api/auth/confirm-address": Row("public", 400, json={"token": "nonsense"}),
    "POST /api/auth/register": Row("public", 201, json=_newcomer),
}

PAGES = {
    "GET /dashboard": Row("page"),
    "POST /logout": Row("page", 302),
    "POST /view-as/stop": Row("page", 302, idle="nobody is viewed"),
    "GET /keys": Row("page"),
    "POST /keys": Row("page", form={"name": "new", "scopes": "send"}),
    "POST /keys/<key_id>/revoke": Row("page", 302, other=404),
    "POST /keys/<key_id>/undo": Row("page", 302, other=404, idle="it is not revoked"),
    "GET /messages": Row("page"),
    "GET /messages/export.csv": Row("page"),
    "POST /messages/recipients": Row("page", form={"to": "+12025570124, nobody"}, idle="it only reads what was typed"),
    "GET /messages/new": Row("page"),
    "POST /messages/new": Row("page", 302, other=404, form=_SEND),
    "GET /messages/<message_id>": Row("page", other=404),
    "POST /messages/<message_id>/cancel": Row("page", 302, other=404),
    "POST /messages/<message_id>/decide": Row("page", 302, other=404, form={"again": "no"}, idle="it is known what became of it"),
    "GET /inbox": Row("page"),
    "GET /inbox/unread": Row("page"),
    "GET /inbox/<chat_id>": Row("page", other=404),
    "POST /inbox/<chat_id>/reply": Row("page", 302, other=404, form={"message": "hello"}),
    "POST /inbox/<chat_id>/read": Row("page", 302, other=404),
    "GET /inbox/media/<message_id>": Row("page", 404, other=404),
    "POST /inbox/media/<message_id>/fetch": Row("page", 404, other=404),
    "GET /sandbox": Row("page"),
    "POST /sandbox/start": Row("page", 302),
    "POST /sandbox/phones": Row("page", 503, form=_new_phone),
    "GET /sandbox/phones/<number>/screen": Row("page", 404),
    "POST /sandbox/phones/<number>/read": Row("page", 302, idle="the sandbox doesn't run"),
    "POST /sandbox/phones/<number>/scan": Row("page", 302, idle="the sandbox doesn't run"),
    "POST /sandbox/phones/<number>/send": Row("page", 302, idle="the sandbox doesn't run"),
    "POST /sandbox/phones/<number>/unlink": Row("page", 302, idle="the sandbox doesn't run"),
    "GET /settings": Row("page"),
    "POST /settings/logins/<login_id>/end": Row("page", 302, other=404),
    "POST /settings/logins/end-others": Row("page", 302),
    "POST /settings/logins/end-all": Row("page", 302),
    "GET /settings/second-factor": Row("page"),
    "POST /settings/second-factor": Row("page", 422, form={"setup": "nonsense", "current_password": PASSWORD, "otp": "123456"}),
    "POST /settings/second-factor/recovery-codes": Row("page", 302, form={"otp": "123456"}, idle="there is none"),
    "POST /settings/second-factor/off": Row(
        "page", 302, form={"current_password": PASSWORD, "otp": "123456"}, idle="there is none"
    ),
    "GET /settings/account/export": Row("page"),
    "GET /settings/account/delete": Row("page"),
    "POST /settings/account/delete": Row("page", 422, form={"email": "", "current_password": PASSWORD}),
    "GET /settings/password": Row("page"),
    "POST /settings/password": Row("page", 302, form={"current_password": PASSWORD, "password": "another horse battery"}),
    "POST /settings/email": Row("page", 302, form={"current_password": PASSWORD, "email": "elsewhere@example.com"}),
    "POST /settings/language": Row("page", 302, form={"language": "pt-BR", "zone": "America/Sao_Paulo"}),
    "POST /settings/profile": Row("page", 302, form={"name": "New Name"}),
    "GET /webhooks": Row("page"),
    "GET /webhooks/new": Row("page"),
    "POST /webhooks/new": Row("page", form=_NEW_WEBHOOK),
    "GET /webhooks/<endpoint_id>": Row("page", other=404),
    "GET /webhooks/<endpoint_id>/edit": Row("page", other=404),
    "POST /webhooks/<endpoint_id>/edit": Row("page", 302, other=404, form=_NEW_WEBHOOK),
    "POST /webhooks/<endpoint_id>/test": Row("page", 302, other=404),
    "POST /webhooks/<endpoint_id>/rotate": Row("page", other=404),
    "POST /webhooks/<endpoint_id>/switch": Row("page", 302, other=404),
    "POST /webhooks/<endpoint_id>/delete": Row("page", 302, other=404),
    "POST /webhooks/<endpoint_id>/undo": Row("page", 302, other=404),
    "POST /webhooks/<endpoint_id>/redeliver": Row("page", 302, other=404, form={"since": "2026-01-31T12:00"}),
    "GET /webhooks/<endpoint_id>/deliveries/<delivery_id>": Row("page", other=404),
    "POST /webhooks/<endpoint_id>/deliveries/<delivery_id>/redeliver": Row("page", 302, other=404),
    "GET /whatsapp": Row("page"),
    "POST /whatsapp/initialize": Row("page", 302, form={"session": "shop"}, idle="it is started already"),
    "POST /whatsapp/disconnect": Row("page", 302, form={"session": "shop"}),
    "POST /whatsapp/engine": Row("page", 302, form={"session": "shop", "engine": "baileys"}),
    "POST /whatsapp/delete": Row("page", 302, form={"session": "shop"}),
}

ADMIN_PAGES = {
    "GET /admin": Row("admin page"),
    "GET /admin/audit": Row("admin page"),
    "GET /admin/settings": Row("admin page"),
    "GET /admin/settings/limits": Row("admin page"),
    "POST /admin/settings": Row("admin page", 422, form={"version": "x"}),
    "GET /admin/audit/export.<kind>": Row("admin page", path={"kind": "csv"}),
    "GET /admin/users": Row("admin page"),
    "POST /admin/users": Row("admin page", 302, form={"email": "new@example.com", "password": "a first battery horse"}),
    "GET /admin/users/<user_id>": Row("admin page"),
    "POST /admin/users/<user_id>/role": Row("admin page", 302, form={"role": "admin"}),
    "POST /admin/users/<user_id>/disable": Row("admin page", 302),
    "POST /admin/users/<user_id>/enable": Row("admin page", 302, path=_disabled),
    "POST /admin/users/<user_id>/limits": Row("admin page", 302, form={"send_per_minute": "7"}),
    "POST /admin/users/<user_id>/send-link": Row("admin page", 302),
    "POST /admin/users/<user_id>/remove-factor": Row("admin page", 302, idle="there is none"),
    "POST /admin/users/<user_id>/end-logins": Row("admin page", 302),
    "POST /admin/users/<user_id>/delete": Row("admin page", 422, form={"confirm": "x"}),
    "POST /admin/users/<user_id>/view": Row("admin page", 302),
    "GET /admin/sessions": Row("admin page"),
    "GET /admin/sessions/list": Row("admin page"),
    "POST /admin/sessions/<session_id>/restart": Row("admin page", 302),
    "POST /admin/sessions/<session_id>/disconnect": Row("admin page", 302),
}

API = {
    "GET /api/auth/me": Row("api login"),
    "POST /api/auth/logout": Row("api login", 204),
    "GET /api/events": Row("api", scope="read"),
    "GET /api/webhooks": Row("api", scope="manage"),
    "POST /api/webhooks": Row("api", 201, scope="manage", json=_NEW_WEBHOOK),
    "GET /api/webhooks/<endpoint_id>": Row("api", scope="manage", other=404),
    "PATCH /api/webhooks/<endpoint_id>": Row("api", scope="manage", other=404, json={"enabled": False}),
    "DELETE /api/webhooks/<endpoint_id>": Row("api", 204, scope="manage", other=404),
    "POST /api/webhooks/<endpoint_id>/rotate-secret": Row("api", scope="manage", other=404),
    "POST /api/webhooks/<endpoint_id>/test": Row("api", 202, scope="manage", other=404),
    "POST /api/webhooks/<endpoint_id>/redeliver": Row("api", 202, scope="manage", other=404, json=_SINCE),
    "GET /api/webhooks/<endpoint_id>/deliveries": Row("api", scope="manage", other=404),
    "GET /api/webhooks/<endpoint_id>/deliveries/<delivery_id>": Row("api", scope="manage", other=404),
    "POST /api/webhooks/<endpoint_id>/deliveries/<delivery_id>/redeliver": Row("api", 202, scope="manage", other=404),
    "GET /api/account/export": Row("api login"),
    "DELETE /api/account": Row("api login", 204, json={"password": PASSWORD}),
    "GET /api/keys": Row("api login"),
    "POST /api/keys": Row("api login", 201, json=_NEW_KEY),
    "DELETE /api/keys/<key_id>": Row("api login", 204, other=404),
    "GET /api/messages": Row("api", scope="read"),
    "GET /api/messages/<message_id>": Row("api", scope="read", other=404),
    "POST /api/messages/<message_id>/cancel": Row("api", scope="send", other=404),
    "GET /api/messages/<message_id>/media": Row("api", 404, scope="read", other=404),
    "POST /api/messages/<message_id>/media/fetch": Row("api", 404, scope="read", other=404),
    "GET /api/chats": Row("api", scope="read"),
    "GET /api/chats/<chat_id>": Row("api", scope="read", other=404),
    "GET /api/chats/<chat_id>/messages": Row("api", scope="read", other=404),
    "POST /api/chats/<chat_id>/read": Row("api", scope="read", other=404),
    "POST /api/messages/send": Row("api", 202, scope="send", other=404, json=_SEND),
    "POST /api/messages/dry-run": Row("api", 409, scope="send", other=404, json=_SEND, idle="nothing is ever sent by it"),
    "GET /api/send": Row("api", 202, scope="send", other=404, query={**_SEND, "wait": "0"}),
    "POST /api/send": Row("api", 202, scope="send", other=404, form={**_SEND, "wait": "0"}),
    "POST /api/whatsapp/initialize": Row(
        "api", 202, scope="manage", json={"session": "shop", "network": "sandbox"}, idle="it is started already"
    ),
    "GET /api/whatsapp/status": Row("api", scope="read", other=404, query={"session": "shop"}),
    "GET /api/whatsapp/qr": Row("api", 409, scope="manage", other=404, query={"session": "shop"}),
    "POST /api/whatsapp/disconnect": Row("api", 503, scope="manage", other=404, json={"session": "shop"}),
    "POST /api/whatsapp/engine": Row("api", 503, scope="manage", other=404, json={"session": "shop", "engine": "baileys"}),
    "GET /api/whatsapp/sessions": Row("api", scope="read"),
    "DELETE /api/whatsapp/sessions/<name>": Row("api", 503, scope="manage", other=404),
}

API_ADMIN = {
    "GET /api/admin/users": Row("api admin"),
    "POST /api/admin/users": Row("api admin", 201, json={"email": "new@example.com"}),
    "GET /api/admin/users/<user_id>": Row("api admin"),
    "PATCH /api/admin/users/<user_id>": Row("api admin", json={"disabled": True, "limits": {"send_per_minute": 7}}),
    "DELETE /api/admin/users/<user_id>": Row("api admin", 204),
    "POST /api/admin/users/<user_id>/reset-password": Row("api admin", 202),
    "POST /api/admin/users/<user_id>/logout": Row("api admin", 204),
    "GET /api/admin/sessions": Row("api admin"),
    "GET /api/admin/stats": Row("api admin"),
    "POST /api/admin/sessions/<session_id>/restart": Row("api admin", 202),
    "POST /api/admin/sessions/<session_id>/disconnect": Row("api admin", 503),
    "GET /api/admin/audit": Row("api admin"),
    "GET /api/admin/settings": Row("api admin"),
    "PUT /api/admin/settings": Row("api admin", json=_settings),
}

INTERNAL = {
    "POST /internal/events": Row("internal", json={"events": []}),
    "POST /internal/push": Row("internal", 204, json={"pushes": []}),
}

ROWS: dict[str, Row] = {**PUBLIC, **PAGES, **ADMIN_PAGES, **API, **API_ADMIN, **INTERNAL}
