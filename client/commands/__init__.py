"""The commands of the command line, one module each; modules that begin with an underscore are shared."""
