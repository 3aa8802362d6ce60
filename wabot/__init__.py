"""wabot: self-hosted, multi-user WhatsApp automation."""

__version__ = "0.1.0"
