"""The document of measures, in full or fit to be shown."""
