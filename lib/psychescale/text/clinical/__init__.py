"""Words of medicine and of everyday culture that are no identifiers, whatever they look like."""
