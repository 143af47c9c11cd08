"""Chat: an opening in the model's own form, made by its chat template."""
