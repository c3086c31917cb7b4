"""Which class is answered for given probabilities, or none: temperature, thresholds, abstention."""
