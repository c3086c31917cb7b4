"""Models as a service over HTTP: several by name, within limits, replaced while it runs."""
