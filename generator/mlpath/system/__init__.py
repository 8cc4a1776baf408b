"""Git, child processes, and the state of this machine."""
