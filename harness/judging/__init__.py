"""Keep judges under control: rubrics, labels, calibration, and whether a judge may gate."""
