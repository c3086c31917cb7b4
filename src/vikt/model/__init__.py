"""The model: functions, losses, penalties, objective; the linear model; Naive Bayes."""
