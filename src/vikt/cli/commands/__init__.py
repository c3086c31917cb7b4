"""The commands as they are typed: arguments, options, help and examples; the work is done beside this folder."""
