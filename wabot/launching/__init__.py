"""What `wabot.launch` does before supervisord takes over, one step a module."""
