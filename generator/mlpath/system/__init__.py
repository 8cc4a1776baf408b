"""Git, child processes, locks, and text for a shell."""
