"""The rule book's cases: what each rule refuses or warns of, and the exact words. docs/rules.md lists them."""
