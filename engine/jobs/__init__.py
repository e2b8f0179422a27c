"""Long work in a process of its own, so that it can be watched and cancelled and cannot take a server down with it."""
