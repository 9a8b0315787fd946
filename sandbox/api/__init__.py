"""The AWS API of the sandbox: moto's server in process, and what moto lacks."""
