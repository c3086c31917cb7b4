"""The lecture's quizzes, computed."""

import numpy as np

import vikt

theta = np.array([-1.0, 2.0, -3.0])
documents = vikt.add_dummy_feature([[1, 0], [0, 1], [1, 1], [0, 0]])
print("P(positive):", vikt.h(documents, theta).round(3))
print("boundary:   ", vikt.decision_line(theta))

theta = np.array([0.04, 0.5])
gradient = vikt.cross_entropy_gradient([[1, 0.82]], [1], theta)
vikt.simultaneous_update(theta, gradient, learning_rate=0.01)
print("one step:   ", gradient.round(2), "->", theta.round(4))

print("softmax:    ", vikt.softmax([1.45, 0.33, -0.12, 0.01]).round(4))
