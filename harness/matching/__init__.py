"""Compare what was expected with what came: values, steps and whole plans, exactly."""
