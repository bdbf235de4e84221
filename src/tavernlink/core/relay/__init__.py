"""What taverns publish on its way to apps: streams, SillyTavern's events, the mirror of the open chat."""
