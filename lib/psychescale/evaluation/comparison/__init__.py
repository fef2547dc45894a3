"""A model beside baselines and beside another model."""
