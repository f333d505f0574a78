"""Printed documents: one page model, one type face, one palette."""
