"""From rows and a model to measures, and to what of them may be shown."""
