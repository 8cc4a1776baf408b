"""Git, child processes, and checks of this machine."""
