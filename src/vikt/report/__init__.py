"""Results for people, made from the record of a fit, an evaluation or an explanation."""
