"""The functions of AWS's two cache tutorials, in this client: each a module whose `handler` Lambda can call."""
