"""A run: collect, learn, evaluate, record, resume. It wires what lies below."""
