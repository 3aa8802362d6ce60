"""What an administrator may do to anybody's sessions; everything of it is audited."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Conflict, NotFound
from ..store import Store
from ..store.records import Session
from .audit import Audited, AuditLog
from .session_overview import SessionOverview
from .sessions import Sessions


@dataclass(frozen=True)
class SessionAdministration:
    store: Store
    sessions: Sessions
    audit: AuditLog
    overview: SessionOverview

    def restart(self, session_id: str, by: Audited, correlation_id: str) -> Session:
        """End the browser and start it anew; the login is kept. Raises NotFound, Conflict `session_off`."""
        session = self._found(session_id)
        if session.desired != "on":
            raise Conflict("This session is switched off; only its owner can start it.", code="session_off")
        self.audit.note(by, "session.restart", target=session.id, detail=session.name)
        return self._done(self.sessions.restart(session, correlation_id))

    def disconnect(self, session_id: str, by: Audited, correlation_id: str) -> Session:
        """Log out at WhatsApp and wipe the profile: its owner has to link again. Raises NotFound."""
        session = self._found(session_id)
        self.audit.note(by, "session.disconnect", target=session.id, detail=session.name)
        return self._done(self.sessions.disconnect(session.user_id, session.name, correlation_id))

    def _done(self, session: Session) -> Session:
        self.overview.forget()
        return session

    def _found(self, session_id: str) -> Session:
        session = self.store.sessions.get(session_id)
        if session is None:
            raise NotFound("There is no such session.")
        return session
