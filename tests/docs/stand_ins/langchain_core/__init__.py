"""As much of langchain-core as the recipe uses."""
