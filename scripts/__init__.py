"""What a developer runs: set-up, generation, checks. Not part of the package."""
