"""The page of a classifier: plain HTML, CSS and JavaScript, served as files or joined to one."""
