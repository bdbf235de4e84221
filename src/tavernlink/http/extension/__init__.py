"""The extension as a git repository, for the dialog “Install extension” of SillyTavern."""
