"""From labelled rows to a bundle: parts, fit, calibration, what a run leaves behind."""
